import type { Environment } from '../settings-reader.ts';
import { SettingsReader } from '../settings-reader.ts';

/** Where copies go. Every value is safe as a word of a command line: none can be an option or hold what a shell or rsync would read. */
export interface OffSiteSettings {
  readonly transport: 'ssh' | 'daemon';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A folder, without a slash at its end; of a daemon it begins with the module's name. */
  readonly path: string;
  /** The folder with the files `ssh-key` and `known-hosts`, or `password`. They are read when something is sent. */
  readonly secrets: string;
  /** False: nothing is ever removed there. */
  readonly prune: boolean;
}

/** RFC 1123, with the underscore that some sites have; or an address. */
const hostPattern = /^(?:[a-z0-9][\w-]{0,62}(?:\.[a-z0-9][\w-]{0,62}){0,9}\.?|[0-9a-f:]*:[0-9a-f:.]+)$/i;
const userPattern = /^\w[\w.-]{0,63}$/;
/** Names without a wildcard, a blank, a leading dash, and none is `..`. */
const folders = String.raw`(?!\.{1,2}(?:/|$))[\w.][\w.+=@-]{0,99}(?:/(?!\.{1,2}(?:/|$))[\w.][\w.+=@-]{0,99}){0,19}/?`;
const pathPatterns = { ssh: new RegExp(String.raw`^(?:\.|/?${folders})$`), daemon: new RegExp(`^${folders}$`) };
const characters = 'of letters, digits and . _ + = @ - without ..';
const expectedPath = {
  ssh: `a folder there, ${characters}, or . for the account's own`,
  daemon: `a module and folders in it such as module/folder, ${characters}`,
};

/** Gives undefined where no copies are wanted (docs/backups.md, BACKUP_OFFSITE). Throws an InputError that names every wrong variable. */
export function readOffSite(env: Environment): OffSiteSettings | undefined {
  const reader = new SettingsReader(env);
  const wanted = reader.choice('BACKUP_OFFSITE', ['auto', 'required', 'none'], 'auto');
  if (wanted === 'none' || (wanted === 'auto' && reader.optional('RSYNC_HOST') === undefined)) {
    reader.check();
    return undefined;
  }
  const transport = reader.choice('RSYNC_TRANSPORT', ['ssh', 'daemon'], 'ssh');
  const path = reader.required('RSYNC_PATH', expectedPath[transport], { pattern: pathPatterns[transport] });
  const secrets = reader.optional('RSYNC_SECRETS') ?? '/offsite';
  if (!/^\/[^\0]*$/.test(secrets)) {
    reader.problem('RSYNC_SECRETS', `is ${JSON.stringify(secrets)}, but has to be an absolute path`);
  }
  const settings = {
    transport,
    host: reader.required('RSYNC_HOST', 'the name or address of the server for copies', { pattern: hostPattern }),
    port: reader.count('RSYNC_PORT', { min: 1, max: 65_535 }, transport === 'daemon' ? 873 : 22),
    user: reader.required('RSYNC_USER', 'the name of the account there', { pattern: userPattern }),
    path: path.replace(/\/$/, ''),
    secrets,
    prune: reader.choice('RSYNC_PRUNE', ['true', 'false'], 'true') === 'true',
  };
  reader.check();
  return settings;
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OffSiteError } from './failures.ts';
import type { OffSiteSettings } from './settings.ts';

/** How rsync gets there: no secret is in it, only the names of files that this user alone may read. */
export interface Access {
  readonly options: readonly string[];
  /** What rsync calls the folder there, with a slash at its end. */
  readonly target: string;
  /** For files that live as long as the transfer. */
  readonly folder: string;
  /** Removes the secrets' copies. */
  remove(): Promise<void>;
}

/** None of the files is longer. */
const maxSecretBytes = 64 * 1024;

/**
 * Copies the secrets into files that ssh and rsync take: of this user, readable by it only (a mounted Secret is neither). Throws an
 * OffSiteError when one is missing or empty.
 */
export async function openAccess(settings: OffSiteSettings): Promise<Access> {
  const folder = await mkdtemp(join(tmpdir(), `delivery-off-site-${process.pid}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    return path;
  };
  try {
    const host = isIPv6(settings.host) ? `[${settings.host}]` : settings.host;
    if (settings.transport === 'daemon') {
      const password = await write(
        'password',
        await readSecret(settings, 'password', 'the password of the account there'),
      );
      const options = [`--password-file=${password}`, '--no-motd', '--contimeout=20'];
      return { options, target: `rsync://${settings.user}@${host}:${settings.port}/${settings.path}/`, folder, remove };
    }
    const key = await write('ssh-key', await readSecret(settings, 'ssh-key', 'the private key of the account there'));
    const hosts = await write(
      'known-hosts',
      await readSecret(
        settings,
        'known-hosts',
        'the host key of the server there (ssh-keyscan gives it; compare its fingerprint)',
      ),
    );
    const config = await write('ssh-config', sshConfig(settings, key, hosts));
    return { options: [`--rsh=ssh -F '${config}'`], target: `${host}:${settings.path}/`, folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Line ends as Unix has them and one at the end: a Secret that was made by hand often lacks it, and ssh refuses such a key. */
async function readSecret({ secrets }: OffSiteSettings, name: string, what: string): Promise<string> {
  const path = join(secrets, name);
  const next = `Put ${what} into the key ${name} of the Secret that is mounted at ${secrets} (docs/off-site.md).`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new OffSiteError('off-site-secret', `${path} cannot be read`, next, cause);
  }
  if (text.trim() === '') throw new OffSiteError('off-site-secret', `${path} is empty`, next);
  if (text.length > maxSecretBytes) throw new OffSiteError('off-site-secret', `${path} is longer than 64 KiB`, next);
  return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;
}

/** ssh_config(5). Given by -F, it is the only one: neither the user's nor the system's is read. */
function sshConfig({ port, user }: OffSiteSettings, key: string, knownHosts: string): string {
  const options = {
    ...{
      User: user,
      Port: port,
      BatchMode: 'yes',
      ConnectTimeout: 20,
      ServerAliveInterval: 15,
      ServerAliveCountMax: 4,
    },
    ...{ StrictHostKeyChecking: 'yes', UserKnownHostsFile: `"${knownHosts}"`, GlobalKnownHostsFile: 'none' },
    ...{ CheckHostIP: 'no', UpdateHostKeys: 'no', VerifyHostKeyDNS: 'no', CanonicalizeHostname: 'no' },
    ...{
      IdentityFile: `"${key}"`,
      IdentitiesOnly: 'yes',
      IdentityAgent: 'none',
      PreferredAuthentications: 'publickey',
    },
    ...{ ClearAllForwardings: 'yes', ForwardAgent: 'no', ForwardX11: 'no', RequestTTY: 'no', EscapeChar: 'none' },
    // A banner would stand where the reason of a failure is looked for.
    LogLevel: 'ERROR',
  };
  return `Host *\n${Object.entries(options)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('')}`;
}

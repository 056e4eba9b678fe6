import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { Tier } from '@delivery/core/domain/backup/tiers';
import { tiers } from '@delivery/core/domain/backup/tiers';

/** A file of a backup, by its path below the volume or the folder off site. */
export interface Copy {
  readonly path: string;
  readonly tier: Tier;
  /** The name of the backup it is of. */
  readonly backup: string;
  readonly at: Date;
  readonly database: string;
  /** `rest`: what a transfer that was broken off has left there. */
  readonly is: 'backup' | 'manifest' | 'rest';
}

/** Where rsync keeps what has arrived of a file, in the file's folder there. */
export const partialDir = '.rsync-partial';

/** Undefined for every path that is not exactly one that this program or the rsync it has started writes. */
export function parseCopy(path: string): Copy | undefined {
  const [folder, ...rest] = path.split('/');
  const tier = tiers.find((name) => name === folder);
  const name = rest.at(-1);
  if (tier === undefined || name === undefined || rest.length > 2) return undefined;
  const isPartial = rest.length === 2 && rest[0] === partialDir;
  if (rest.length === 2 && !isPartial) return undefined;
  // What a receiver that was killed leaves: .<name>.<six characters>
  const [, temporary] = /^\.(.+)\.\w{6}$/.exec(name) ?? [];
  const file = temporary ?? name;
  const backup = file.endsWith('.json') ? file.slice(0, -'.json'.length) : file;
  const parsed = parseBackupName(backup);
  if (parsed === undefined) return undefined;
  const is = isPartial || temporary !== undefined ? 'rest' : file === backup ? 'backup' : 'manifest';
  return { path, tier, backup, at: parsed.at, database: parsed.database, is };
}

import type { Compression } from '@delivery/core/domain/backup/name';
import type { Keep, Tier } from '@delivery/core/domain/backup/tiers';
import { defaultKeep, tiers } from '@delivery/core/domain/backup/tiers';
import { InputError } from '@delivery/core/errors/errors';
import type { ServerSettings } from './database.ts';
import type { OffSiteSettings } from './off-site/settings.ts';
import { readOffSite } from './off-site/settings.ts';
import type { Environment } from './settings-reader.ts';
import { SettingsReader } from './settings-reader.ts';

/** What `backup` is told by its variables: docs/backups.md. */
export interface BackupSettings {
  readonly server: ServerSettings;
  readonly root: string;
  readonly type: 'auto' | Tier;
  readonly keep: Keep;
  /** False without BACKUP_KEEP: whoever starts a Job by hand must not remove what the topology keeps. */
  readonly prunes: boolean;
  readonly compression: Compression;
  /** Percent. */
  readonly maxShrink: number;
  readonly maxAgeMs: number | undefined;
  readonly lockWaitSeconds: number;
  /** What is wrong with these variables is told once the backup is made: it must not keep it from being made. */
  readonly offSite: OffSiteSettings | InputError | undefined;
  /** MariaDB's or MySQL's own dump program, on PATH or by its path. */
  readonly dumpProgram: string;
}

/** A database's name as it can stand in the name of a file: domain/backup/name.ts. */
const databaseName = /^[\w$-][\w$.-]{0,63}$/;

/** Throws an InputError that names every variable that is wrong. The password is never repeated. */
export function readBackup(env: Environment): BackupSettings {
  const reader = new SettingsReader(env);
  const server = readServer(reader);
  const dumpProgram = reader.optional('BACKUP_DUMP_PROGRAM') ?? 'mariadb-dump';
  if (!/^[\w./+-]+$/.test(dumpProgram) || dumpProgram.startsWith('-')) {
    reader.problem('BACKUP_DUMP_PROGRAM', `is ${JSON.stringify(dumpProgram)}, but has to be a program's name or path`);
  }
  const maxAge = reader.count('BACKUP_MAX_AGE', { min: 1, max: 315_360_000 }, undefined);
  const settings = {
    server,
    root: readFolder(reader, 'BACKUP_ROOT', '/backup'),
    type: reader.choice('BACKUP_TYPE', ['auto', ...tiers], 'auto'),
    keep: readKeep(reader),
    prunes: reader.optional('BACKUP_KEEP') !== undefined,
    compression: compressions[reader.choice('BACKUP_COMPRESSION', ['zstd', 'gzip'], 'zstd')],
    maxShrink: reader.count('BACKUP_MAX_SHRINK', { min: 0, max: 100 }, 20),
    maxAgeMs: maxAge === undefined ? undefined : maxAge * 1000,
    lockWaitSeconds: readLockWait(reader),
    offSite: readCopies(env),
    dumpProgram,
  };
  reader.check();
  return settings;
}

function readCopies(env: Environment): BackupSettings['offSite'] {
  try {
    return readOffSite(env);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

const compressions: Readonly<Record<'zstd' | 'gzip', Compression>> = { zstd: 'zst', gzip: 'gz' };

/** The variables MS…, which a backup and a restore share. Problems go to the reader. */
export function readServer(reader: SettingsReader): ServerSettings {
  return {
    host: reader.required('MSHOST', 'the name or address of the database server', { pattern: /^[\w:][\w.:-]*$/ }),
    port: reader.count('MSPORT', { min: 1, max: 65_535 }, 3306),
    user: reader.required('MSUSER', 'the name of an account'),
    password: reader.required('MSPASS', 'the password of this account', { secret: true }),
    database: reader.required('MSDATABASE', 'the name of a database: letters, digits, _ $ - and dots inside', {
      pattern: databaseName,
    }),
  };
}

/** Seconds that another run is waited for. */
export function readLockWait(reader: SettingsReader): number {
  return reader.count('BACKUP_LOCK_WAIT', { min: 0, max: 86_400 }, 600);
}

/** An absolute path. */
export function readFolder(reader: SettingsReader, name: string, preset: string): string {
  const folder = reader.optional(name) ?? preset;
  if (!/^\/[^\0]*$/.test(folder)) reader.problem(name, `is ${JSON.stringify(folder)}, but has to be an absolute path`);
  return folder;
}

/** `hourly=24,daily=6,…`: tiers that are not named keep what is usual. */
function readKeep(reader: SettingsReader): Keep {
  const text = reader.optional('BACKUP_KEEP');
  const keep: Record<Tier, number> = { ...defaultKeep };
  for (const part of text?.split(',') ?? []) {
    const [, name, count] = /^\s*([a-z]+)=(\d{1,5})\s*$/.exec(part) ?? [];
    const tier = tiers.find((one) => one === name);
    if (tier === undefined) {
      reader.problem(
        'BACKUP_KEEP',
        `has ${JSON.stringify(part)}, but a part has to be like hourly=24 (${tiers.join(', ')})`,
      );
    } else keep[tier] = Number(count);
  }
  if (tiers.every((tier) => keep[tier] === 0))
    reader.problem('BACKUP_KEEP', 'keeps nothing; one tier has to keep some');
  return keep;
}

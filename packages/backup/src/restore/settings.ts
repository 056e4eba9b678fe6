import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { ServerSettings } from '../database.ts';
import { readFolder, readLockWait, readServer } from '../settings.ts';
import type { Environment } from '../settings-reader.ts';
import { SettingsReader } from '../settings-reader.ts';
import type { Mask } from './mask-settings.ts';
import { readMask } from './mask-settings.ts';
import { isSystemDatabase } from './names.ts';

/** What `restore` is told by its variables: docs/backups.md. */
export interface RestoreSettings {
  /** Its database is the target. */
  readonly server: ServerSettings;
  readonly sources: string;
  /** The project whose backup is taken. */
  readonly from: string;
  /** `latest`, `list`, or a file's name. */
  readonly backup: string;
  readonly drill: boolean;
  readonly mask: Mask;
  readonly jobs: number;
  readonly lockWaitSeconds: number;
}

/** A project of delivery.yaml, as a folder: never a path. */
const project = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Throws an InputError that names every variable that is wrong. The password is never repeated. */
export function readRestore(env: Environment): RestoreSettings {
  const reader = new SettingsReader(env);
  const server = readServer(reader);
  if (isSystemDatabase(server.database)) {
    reader.problem('MSDATABASE', `is ${server.database}, which is the server's own and is never restored over`);
  }
  const backup = reader.optional('RESTORE_BACKUP') ?? 'latest';
  if (!['latest', 'list'].includes(backup) && parseBackupName(backup) === undefined) {
    const expected = 'latest, list, or a name such as backup-2026-11-23T04:05:00Z-fragalysis.sql.zst';
    reader.problem('RESTORE_BACKUP', `is ${JSON.stringify(backup.slice(0, 100))}, but has to be ${expected}`);
  }
  const settings: RestoreSettings = {
    server,
    sources: readFolder(reader, 'RESTORE_SOURCES', '/sources'),
    from: reader.required('RESTORE_FROM', 'the name of a project whose backups are mounted', { pattern: project }),
    backup,
    drill: reader.choice('RESTORE_DRILL', ['true', 'false'], 'false') === 'true',
    mask: readMask(reader),
    jobs: reader.count('RESTORE_JOBS', { min: 1, max: 16 }, 2),
    lockWaitSeconds: readLockWait(reader),
  };
  reader.check();
  return settings;
}

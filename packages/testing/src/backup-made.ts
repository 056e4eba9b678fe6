import { formatBackupName } from '@delivery/core/domain/backup/name';
import type { BackupReport } from '@delivery/core/domain/backup/report';
import { backupManifest, backupReport, inventoryEntry } from './program-report.ts';

/** The name of the backup that is begun then. */
export function backupFileAt(at: Date): string {
  return formatBackupName({ at, database: 'fragalysis', compression: 'zst' });
}

/** The report of a backup that was asked for and made then, in a project without an off-site copy. */
export function backupMadeAt(at: Date, over: Partial<BackupReport> = {}): BackupReport {
  const file = backupFileAt(at);
  const entry = inventoryEntry({ name: file, at: `${at.toISOString().slice(0, 19)}Z`, tiers: ['manual'] });
  return backupReport({
    ...{ sentence: `${file} is verified`, manifest: backupManifest({ file, manual: true }), tiers: ['manual'] },
    ...{ offSite: { state: 'none', said: '' }, inventory: [entry] },
    ...over,
  });
}

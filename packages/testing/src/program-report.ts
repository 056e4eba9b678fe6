import type { BackupManifest, TableRecord } from '@delivery/core/domain/backup/manifest';
import type { BackupReport, InventoryEntry } from '@delivery/core/domain/backup/report';

const file = 'backup-2026-09-15T15:59:00Z-fragalysis.sql.zst';

export function tableRecord(over: Partial<TableRecord> = {}): TableRecord {
  return {
    ...{ name: 'viewer_target', engine: 'InnoDB', rows: 3, checksum: '1922012845', content: '8841', notes: [] },
    ...over,
  };
}

/** A manifest as the program writes it, of 48 MB in 2 s. */
export function backupManifest(over: Partial<BackupManifest> = {}): BackupManifest {
  return {
    version: 1,
    file,
    origin: 'dump',
    manual: false,
    database: 'fragalysis',
    bytes: 9_000_000,
    plainBytes: 48_000_000,
    sha256: 'ab'.repeat(32),
    startedAt: '2026-09-15T15:59:00.000Z',
    snapshotAt: '2026-09-15T15:59:00.200Z',
    endedAt: '2026-09-15T15:59:02.000Z',
    tools: { 'mariadb-dump': '10.11.19', zstd: '1.5.4' },
    server: { product: 'MySQL', version: '5.7.23' },
    characterSet: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
    tables: [tableRecord(), tableRecord({ name: 'viewer_compound', rows: 40 })],
    views: [],
    routines: [],
    triggers: [],
    events: [],
    ...over,
  };
}

export function inventoryEntry(over: Partial<InventoryEntry> = {}): InventoryEntry {
  return { name: file, at: '2026-09-15T15:59:00Z', bytes: 9_000_000, tiers: ['hourly', 'daily'], trouble: '', ...over };
}

/** The report of a backup for which everything went well. */
export function backupReport(over: Partial<BackupReport> = {}): BackupReport {
  return {
    command: 'backup',
    verdict: 'verified',
    sentence: `${file} is verified`,
    next: '',
    cause: '',
    alarms: [],
    steps: [{ name: 'dump', state: 'done', seconds: 2, said: '48000000 bytes' }],
    manifest: backupManifest(),
    tiers: ['hourly', 'daily'],
    offSite: { state: 'sent', said: 'every file compared' },
    pruned: [],
    inventory: [inventoryEntry()],
    ...over,
  };
}

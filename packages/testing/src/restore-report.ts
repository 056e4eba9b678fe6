import type { ComparedTable, InventoryEntry, ListReport, RestoreReport } from '@delivery/core/domain/backup/report';

export const someBackup = 'backup-2026-09-15T14:05:00Z-fragalysis.sql.zst';

export function comparedTable(over: Partial<ComparedTable> = {}): ComparedTable {
  return { name: 'viewer_target', rows: 3, verdict: 'equal', ...over };
}

/** The report of a restore after which every table is equal. */
export function restoreReport(over: Partial<RestoreReport> = {}): RestoreReport {
  const { backup = someBackup } = over;
  return {
    command: 'restore',
    verdict: 'equal',
    sentence: `${backup} is restored, every table is equal`,
    next: '',
    cause: '',
    alarms: [],
    steps: [{ name: 'load', state: 'done', seconds: 12, said: '2 tables' }],
    drill: false,
    backup,
    tables: [comparedTable(), comparedTable({ name: 'viewer_compound', rows: 40 })],
    mismatches: [],
    masked: [],
    server: 'MariaDB 10.11.19',
    ...over,
  };
}

/** The report of a list. */
export function listReport(inventory: readonly InventoryEntry[]): ListReport {
  const said = { sentence: `${inventory.length} backups`, next: '', cause: '', alarms: [], steps: [] };
  return { command: 'list', verdict: 'listed', ...said, inventory };
}

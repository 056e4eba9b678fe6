import { megabytes } from '@delivery/core/action/backup/summary';
import { age } from '@delivery/core/action/builds-table';
import type { Cell, SummaryBlock } from '@delivery/core/action/outcome';
import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { InventoryEntry, RestoreReport } from '@delivery/core/domain/backup/report';
import type { Aim } from './aim.ts';

/** What was restored, and how it compares. `now` gives the backup's age. */
export function reportBlocks(report: RestoreReport, { from, target }: Aim, now: Date): readonly SummaryBlock[] {
  const { backup, drill, tables, mismatches, masked, server, steps } = report;
  const equal = tables.filter(({ verdict }) => verdict === 'equal').length;
  const rows: Cell[][] = [
    ['Backup', { code: backup }],
    ['Age', ageOf(backup, now) ?? 'unknown'],
    ['From', from.name],
    ['Into', drill ? `a throw-away database on the server of ${target.name}, removed again` : target.name],
    ['Server', server],
    ['Tables equal', `${equal} of ${tables.length}`],
    ['Rows', rowsOf(report).toLocaleString('en')],
    ['Mismatches', String(mismatches.length)],
    ['Masked columns', masked.length === 0 ? 'none' : masked.join(', ')],
  ];
  const other = tables.filter(({ verdict }) => verdict !== 'equal').map(({ name, verdict }) => `${name}: ${verdict}`);
  const lines = [
    { title: 'Mismatches', lines: mismatches },
    { title: 'Tables that are not equal', lines: other },
    {
      title: 'Tables',
      lines: tables.map(({ name, rows, verdict }) => `${name}: ${rows ?? 'unknown'} rows, ${verdict}`),
    },
    {
      title: 'Steps',
      lines: steps.map(({ name, state, seconds, said }) => `${name}: ${state}, ${seconds.toFixed(1)} s ${said}`),
    },
  ];
  return [
    { kind: 'table', head: ['', ''], rows },
    ...lines.filter((part) => part.lines.length > 0).map((part): SummaryBlock => ({ kind: 'lines', ...part })),
  ];
}

/** Of all tables that were compared. */
export function rowsOf({ tables }: RestoreReport): number {
  return tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
}

/** `3 h`; undefined for what is no backup's name. */
export function ageOf(backup: string, now: Date): string | undefined {
  const at = parseBackupName(backup)?.at;
  return at && age(now.getTime() - at.getTime());
}

/** What is not done by a restore, for whoever uses the database next. */
export function afterwards({ target }: Aim): SummaryBlock {
  const lines = [
    'The database may be older than the code: let the web image migrate it (restart the workloads, or run manage.py migrate).',
    'Processes that were connected keep what they had in memory: restart web, worker and beat.',
    'The media volume is not in the backup: targets loaded since then have files without rows.',
    'Whoever logged in since then has to do so again.',
  ];
  return { kind: 'lines', title: `What ${target.name} needs now`, lines };
}

/** The backups that are there, newest first. */
export function inventoryBlock(inventory: readonly InventoryEntry[], now: Date): SummaryBlock {
  const rows = inventory.map(({ name, at, bytes, tiers, trouble }): Cell[] => [
    { code: name },
    age(now.getTime() - Date.parse(at)),
    megabytes(bytes),
    tiers.join(', '),
    trouble === '' ? '🟢 verified' : `🔴 ${trouble}`,
  ]);
  return { kind: 'table', head: ['Backup', 'Age', 'Size', 'Tiers', 'State'], rows };
}

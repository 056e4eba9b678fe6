import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { RestoreReport } from '@delivery/core/domain/backup/report';
import type { ResultState } from '@delivery/core/action/outcome';
import type { Mask } from '@delivery/core/domain/topology';
import type { RestorePlan } from './plan.ts';

export interface Judged {
  readonly result: ResultState;
  /** What is wrong, a sentence without its full stop; empty when nothing is. */
  readonly sentence: string;
  readonly next: string;
}

/** More than these stand in the summary. */
const shownTables = 5;

/** What a report is worth. What it says must be what was asked for, and prove itself: its verdict alone is not believed. */
export function judge(report: RestoreReport, asked: Pick<RestorePlan, 'backup' | 'drill' | 'mask'>): Judged {
  const { verdict, sentence, cause, next, alarms } = report;
  if (verdict === 'failed') {
    const why = cause === '' ? '' : ` (${cause})`;
    return { result: 'failure', sentence: `${sentence}${why}`, next: next || 'Mend the cause, then run this again.' };
  }
  const odd = [...otherwise(report, asked), ...differing(report)];
  if (odd.length > 0) {
    const where = report.drill ? '' : ' Look at the database before it is used.';
    return { result: 'failure', sentence: odd.join('; '), next: `The report cannot be taken as a proof.${where}` };
  }
  if (verdict === 'unproven') {
    const said = next || 'It is there, but whether it is what was backed up is not known.';
    return { result: 'unstable', sentence: `not everything could be compared: ${sentence}`, next: said };
  }
  const open = report.tables.filter((table) => table.verdict !== 'equal').map(({ name }) => name);
  if (open.length > 0)
    return { result: 'failure', sentence: `it says equal, but ${open.join(', ')} was not compared`, next };
  if (alarms.length > 0) return { result: 'unstable', sentence: alarms.join('; '), next };
  return { result: 'success', sentence: '', next };
}

/** Where the report speaks of something else than what was asked for. */
function otherwise(
  { backup, drill, masked }: RestoreReport,
  asked: Pick<RestorePlan, 'backup' | 'drill' | 'mask'>,
): string[] {
  const columns = columnsOf(asked.mask);
  const isOther = columns.length !== masked.length || columns.some((column) => !masked.includes(column));
  return [
    ...(parseBackupName(backup) ? [] : [`it names no backup, but ${JSON.stringify(backup)}`]),
    ...(asked.backup.kind === 'named' && asked.backup.file !== backup
      ? [`it speaks of ${backup}, not of ${asked.backup.file}`]
      : []),
    ...(drill === asked.drill ? [] : [drill ? 'it was a drill' : 'it was no drill']),
    ...(isOther ? [`masked were ${listed(masked)}, asked for were ${listed(columns)}`] : []),
  ];
}

function differing({ tables, mismatches }: RestoreReport): string[] {
  const bad = tables.filter(({ verdict }) => verdict !== 'equal' && verdict !== 'not-compared');
  const more = bad.length - shownTables;
  return [
    ...(tables.length === 0 ? ['no table was compared'] : []),
    ...bad.slice(0, shownTables).map(({ name, verdict }) => `table ${name} is ${verdict}`),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(mismatches.length > 0 ? [`${mismatches.length} mismatches, the first: ${mismatches[0] ?? ''}`] : []),
  ];
}

/** `table.column` of all that is to be masked. */
export function columnsOf(mask: Mask): string[] {
  return Object.entries(mask).flatMap(([table, columns]) => Object.keys(columns).map((column) => `${table}.${column}`));
}

function listed(columns: readonly string[]): string {
  return columns.length === 0 ? 'no columns' : columns.join(', ');
}

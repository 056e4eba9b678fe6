import type { BackupEnd } from '@delivery/core/action/backup/back-up';
import { megabytes, stockOf } from '@delivery/core/action/backup/summary';
import type { Cell, Outcome, OutputValue, ResultState } from '@delivery/core/action/outcome';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { Inputs, Output } from './inputs.ts';

const lights: Readonly<Record<ResultState, string>> = {
  success: '🟢 verified',
  unstable: '🟡 alarm',
  failure: '🔴 failed',
  skipped: '⚪ nothing due',
};

/** One outcome of the ends in all projects: the worst of them, every reason, and what is to be done. */
export function tell(ends: readonly BackupEnd[], { 'dry-run': dryRun }: Pick<Inputs, 'dry-run'>): Outcome<Output> {
  const result = worstOf(ends.map(({ verdict }) => verdict));
  const next = ends.flatMap(({ project, next }) => (next === '' ? [] : [`${project.name}: ${next}`]));
  const reasons = ends.map(({ project, sentence }) => `${project.name}: ${sentence}`);
  return {
    result,
    reason: `${dryRun ? 'Dry run: ' : ''}${reasons.join('; ')}`,
    ...(next.length > 0 && { next: next.join(' ') }),
    outputs: {
      result,
      file: byProject(ends, ({ file }) => file),
      bytes: byProject(ends, (end) => manifestOf(end)?.bytes ?? null),
      sha256: byProject(ends, (end) => manifestOf(end)?.sha256 ?? ''),
      tables: byProject(ends, (end) => manifestOf(end)?.tables.length ?? null),
      offsite: byProject(ends, ({ report }) => report?.offSite.state ?? ''),
      inventory: byProject(ends, ({ report }) => (report ? stockOf(report.inventory) : null)),
    },
    summary: [{ kind: 'table', head, rows: ends.map(rowOf) }, ...ends.flatMap(({ blocks }) => blocks)],
  };
}

/** Green only when nothing is wrong anywhere; white only when nothing was due anywhere. */
function worstOf(verdicts: readonly ResultState[]): ResultState {
  const worst = (['failure', 'unstable', 'success'] as const).find((state) => verdicts.includes(state));
  return worst ?? 'skipped';
}

function byProject(ends: readonly BackupEnd[], valueOf: (end: BackupEnd) => unknown): OutputValue {
  return Object.fromEntries(ends.map((end) => [end.project.name, valueOf(end)]));
}

/** Of the file that this run has made and verified. */
function manifestOf({ file, report }: BackupEnd): BackupManifest | undefined {
  return file === '' ? undefined : (report?.manifest ?? undefined);
}

const head = [
  'Project',
  'Result',
  'What happened',
  'Backup',
  'Size',
  'Speed',
  'Tables',
  'Rows',
  'Tiers',
  'Off site',
  'What comes next',
];

function rowOf(end: BackupEnd): Cell[] {
  const { project, verdict, cause, sentence, next, report } = end;
  const manifest = manifestOf(end);
  const offSite = report ? [report.offSite.state, report.offSite.said].filter((part) => part !== '').join(': ') : '';
  return [
    project.name,
    // Started or planned only: no report says more.
    verdict === 'success' && !report ? '⚪ not known yet' : `${lights[verdict]}${cause === '' ? '' : ` (${cause})`}`,
    sentence,
    manifest ? { code: manifest.file } : '',
    ...(manifest ? figuresOf(manifest) : ['', '', '', '']),
    report && manifest ? report.tiers.join(', ') : '',
    offSite,
    next,
  ];
}

/** Size, speed in bytes of the dump as text, tables, rows. */
function figuresOf({ bytes, plainBytes, startedAt, endedAt, tables }: BackupManifest): string[] {
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const speed = seconds > 0 ? `${megabytes(plainBytes / seconds)}/s` : '';
  return [`${megabytes(bytes)} of ${megabytes(plainBytes)}`, speed, String(tables.length), String(rows)];
}

import type { ProgramEnd } from '@delivery/core/action/backup/run-program';
import type { Outcome, SummaryBlock } from '@delivery/core/action/outcome';
import type { RestoreReport } from '@delivery/core/domain/backup/report';
import type { Aim } from './aim.ts';
import type { Output } from './inputs.ts';
import type { RestorePlan } from './plan.ts';
import type { Doubt, Prepared } from './prepare.ts';
import { withoutReport } from './scene.ts';
import { afterwards, ageOf, reportBlocks, rowsOf } from './summary.ts';

/** Mismatches that go into the output. */
const maxMismatches = 100;

export interface Restored {
  readonly aim: Aim;
  readonly plan: RestorePlan;
  readonly report: RestoreReport;
  /** Why it counts for nothing. */
  readonly failure: Doubt | undefined;
  /** What makes a good one yellow. */
  readonly doubts: readonly Doubt[];
  readonly prepared: Prepared;
  readonly now: Date;
}

/** A Job has told how a restore or a drill went. */
export function tellRestored({ aim, plan, report, failure, doubts, prepared, now }: Restored): Outcome<Output> {
  const result = failure ? 'failure' : doubts.length > 0 ? 'unstable' : 'success';
  const wrong = failure ? [failure] : doubts;
  const what = failure ? attempted(aim, plan) : madeOf(aim, plan, report, now);
  const reason = [what, ...wrong.map(({ sentence }) => sentence)].join(failure ? ': ' : '; but ');
  const next = [...wrong.map((doubt) => doubt.next), failure ? savedAs(aim, prepared) : ''].filter(
    (text) => text !== '',
  );
  return {
    result,
    reason: `${reason}.`,
    ...(next.length > 0 && { next: next.join(' ') }),
    outputs: {
      result,
      backup: report.backup,
      tables: report.tables.length,
      mismatches: report.mismatches.slice(0, maxMismatches),
    },
    summary: [
      ...warned(plan.warnings),
      ...prepared.blocks,
      ...reportBlocks(report, aim, now),
      ...(failure || plan.drill ? [] : [afterwards(aim)]),
    ],
  };
}

/** The Job has ended otherwise than with a report of a restore. */
export function tellUnknown(aim: Aim, plan: RestorePlan, prepared: Prepared, end: ProgramEnd): Outcome<Output> {
  const { sentence, next } = withoutReport(end, 'restore');
  const blocks = [...prepared.blocks, ...(end.verdict === 'reported' ? [] : (end.evidence ?? []))];
  const all = [next, savedAs(aim, prepared)].filter((text) => text !== '');
  return tellNothing(
    `${attempted(aim, plan)}: ${sentence}${doubtful(aim, plan, end)}.`,
    all.join(' '),
    plan.warnings,
    blocks,
  );
}

/** A program that was ended from outside may have been at the last step. */
function doubtful({ target }: Aim, { drill }: RestorePlan, end: ProgramEnd): string {
  if (drill || (end.verdict !== 'reported' && end.begun === false)) return '';
  return `; whether ${target.name}'s database was replaced is not known: look before bringing the web back`;
}

/** Nothing was restored, or nothing is known of it. */
export function tellNothing(
  reason: string,
  next: string,
  warnings: readonly string[] = [],
  blocks: readonly SummaryBlock[] = [],
): Outcome<Output> {
  return { result: 'failure', reason, next, outputs: {}, summary: [...warned(warnings), ...blocks] };
}

export function tellPlanned(aim: Aim, plan: RestorePlan, sentence: string): Outcome<Output> {
  const { from, target } = aim;
  const { backup, drill } = plan;
  const first = plan.backUpFirst ? `${target.name} would be backed up, then ` : '';
  const what = `${backup.kind === 'named' ? backup.file : 'the newest backup'} of ${from.name}`;
  const where = drill
    ? `would be tried out on the server of ${target.name}`
    : `would replace the database of ${target.name}`;
  const reason = `Dry run: ${first}${what} ${where} (${sentence}). Nothing was changed.`;
  return { result: 'success', reason, outputs: {}, summary: warned(plan.warnings) };
}

function madeOf(aim: Aim, { drill }: RestorePlan, report: RestoreReport, now: Date): string {
  const { backup, tables, masked } = report;
  const equal = tables.filter(({ verdict }) => verdict === 'equal').length;
  const compared = equal === tables.length ? 'all equal' : `${equal} of them equal`;
  const where = drill ? `can be restored (drill on the server of ${aim.target.name})` : `is in ${aim.target.name}`;
  const hidden = masked.length === 0 ? '' : `, ${masked.length} columns masked`;
  const name = `${backup} of ${aim.from.name} (${ageOf(backup, now) ?? 'unknown'} old)`;
  return `${name} ${where}: ${tables.length} tables, ${rowsOf(report)} rows, ${compared}${hidden}`;
}

function attempted({ from, target }: Aim, { drill, backup }: RestorePlan): string {
  const what = backup.kind === 'named' ? backup.file : 'the newest backup';
  return `The ${drill ? 'drill' : 'restore'} of ${what} of ${from.name} in ${target.name} failed`;
}

function savedAs({ target }: Aim, { saved }: Prepared): string {
  return saved === '' ? '' : `What ${target.name} had before is in ${saved}.`;
}

function warned(warnings: readonly string[]): readonly SummaryBlock[] {
  return warnings.map((text) => ({ kind: 'text', text: `⚠️ ${text}` }));
}

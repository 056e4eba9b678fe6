import type { ProgramEnd } from '@delivery/core/action/backup/run-program';
import type { Outcome } from '@delivery/core/action/outcome';
import type { Aim } from './aim.ts';
import type { Output } from './inputs.ts';
import { withoutReport } from './scene.ts';
import { inventoryBlock } from './summary.ts';
import { tellNothing } from './tell.ts';

/** The backups that are there. Without a verified one it is yellow: nothing could be restored. */
export function tellList(end: ProgramEnd, { from, target }: Aim, now: Date): Outcome<Output> {
  if (end.verdict === 'planned') {
    const reason = `Dry run: ${end.sentence}, and would list the backups of ${from.name}. Nothing was changed.`;
    return { result: 'success', reason, outputs: { result: 'success' }, summary: [] };
  }
  if (end.verdict !== 'reported' || end.report.command !== 'list' || end.report.verdict === 'failed') {
    const { sentence, next } = withoutReport(end, 'list');
    const blocks = end.verdict === 'reported' ? [] : end.evidence;
    return tellNothing(
      `The backups of ${from.name} could not be listed in ${target.name}: ${sentence}.`,
      next,
      [],
      blocks,
    );
  }
  const { inventory } = end.report;
  const verified = inventory.filter(({ trouble }) => trouble === '');
  const told = { outputs: { inventory }, summary: inventory.length === 0 ? [] : [inventoryBlock(inventory, now)] };
  if (verified.length === 0) {
    const reason = `${from.name} has no backup that could be restored.`;
    return { result: 'unstable', reason, next: 'Make one: db-backup with tier manual.', ...told };
  }
  const reason = `${from.name} has ${verified.length} backups, the newest ${verified[0]?.name ?? ''}.`;
  return { result: 'success', reason, ...told };
}

import { backUp } from '@delivery/core/action/backup/back-up';
import type { ActionContext } from '@delivery/core/action/context';
import type { SummaryBlock } from '@delivery/core/action/outcome';
import type { Project } from '@delivery/core/domain/topology';
import type { RestorePlan } from './plan.ts';
import { variablesOf } from './plan.ts';
import type { Scene } from './scene.ts';
import { runThere, withoutReport } from './scene.ts';
import { inventoryBlock } from './summary.ts';
import { oneMore, stopTheSchedule, whyGone } from './survive.ts';

/** Something that is wrong, a sentence without its full stop, and what to do. */
export interface Doubt {
  readonly sentence: string;
  readonly next: string;
}

export interface Prepared {
  /** Why nothing may be restored. */
  readonly failure?: Doubt;
  readonly doubts: readonly Doubt[];
  /** File of what the target has now; empty: it was not backed up. */
  readonly saved: string;
  readonly blocks: readonly SummaryBlock[];
}

/** Before production is replaced: the backup that was named has to be there and to stay, and what production has now is saved. */
export async function prepare(plan: RestorePlan, scene: Scene, context: ActionContext): Promise<Prepared> {
  const { target } = scene.aim;
  const failed = await whyNamedIsNoGood(plan, scene, context);
  if (failed) return failed;
  const end = await save(target, scene, context);
  const { verdict, sentence, next, blocks, cause } = end;
  const isDry = scene.inputs['dry-run'];
  const isSaved = isDry ? verdict === 'success' : end.file !== '' && (verdict === 'success' || verdict === 'unstable');
  const said = { sentence: `the backup of ${target.name} before: ${sentence}${cause && ` (${cause})`}`, next };
  const doubts = verdict === 'unstable' ? [said] : [];
  return { ...(!isSaved && { failure: said }), doubts, saved: end.file, blocks };
}

async function whyNamedIsNoGood(
  { backup }: RestorePlan,
  scene: Scene,
  context: ActionContext,
): Promise<Prepared | undefined> {
  const { from, target } = scene.aim;
  const none = { doubts: [], saved: '' };
  const end = await runThere(variablesOf(scene.aim, { do: 'list' }), scene, context);
  if (end.verdict === 'planned') return undefined;
  if (end.verdict !== 'reported' || end.report.command !== 'list' || end.report.verdict !== 'listed') {
    const blocks = end.verdict === 'reported' ? [] : (end.evidence ?? []);
    return { ...none, failure: withoutReport(end, 'list'), blocks };
  }
  const keep = from.name === target.name ? target.database?.backup?.keep : undefined;
  const { inventory } = end.report;
  const now = context.clock.now();
  const file = backup.kind === 'named' ? backup.file : '';
  const why = whyGone(file, inventory, keep && oneMore(keep), now);
  if (why === undefined) return undefined;
  const failure = { sentence: `${file} of ${from.name} ${why}`, next: stopTheSchedule };
  return { ...none, failure, blocks: [inventoryBlock(inventory, now)] };
}

async function save(target: Project, { inputs, jobs }: Scene, context: ActionContext) {
  const choices = { 'on-running': inputs['on-running'], 'dry-run': inputs['dry-run'], 'max-age': undefined };
  const [end] = await backUp(
    [keepingMore(target)],
    { ...choices, tier: 'manual', wait: 'completion', timeout: undefined },
    { jobs: () => jobs },
    context,
  );
  if (!end) throw new TypeError('nothing became of a backup');
  return end;
}

function keepingMore(project: Project): Project {
  const { database } = project;
  if (!database?.backup) throw new TypeError('the plan was not asked');
  const { backup } = database;
  return { ...project, database: { ...database, backup: { ...backup, keep: oneMore(backup.keep) } } };
}

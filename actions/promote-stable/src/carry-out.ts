import type { ActionContext } from '@delivery/core/action/context';
import type { LaunchedBuild } from '@delivery/core/action/launch/loader-task';
import type { Outcome } from '@delivery/core/action/outcome';
import { ActionError, CancelledError } from '@delivery/core/errors/errors';
import type { Targets } from './aim.ts';
import type { Saved } from './back-up-first.ts';
import { backUpFirst } from './back-up-first.ts';
import type { DeliverChoices, ProjectEnd } from './deliver.ts';
import { deliver } from './deliver.ts';
import type { Change } from './difference.ts';
import type { Inputs, Output } from './inputs.ts';
import type { BackupPlan } from './plan-backups.ts';
import type { Ports } from './ports.ts';
import type { Promotion } from './promotion.ts';
import { goBack, moveStable } from './promotion.ts';
import type { Story } from './report.ts';
import { tell, titleOf } from './report.ts';

type Base = Pick<Story, 'image' | 'change' | 'difference' | 'warnings'>;

interface Scene {
  readonly inputs: Inputs;
  readonly targets: Targets;
  /** Projects that follow stable and are not meant. */
  readonly left: readonly string[];
  readonly backups: BackupPlan;
  readonly ports: Ports;
}

/** Rehearses, backs up, moves stable, brings it to the projects, and back when that fails. */
export async function carryOut(
  promotion: Promotion,
  story: Base,
  scene: Scene,
  context: ActionContext,
): Promise<Outcome<Output>> {
  const { inputs, targets, backups, ports } = scene;
  const { image, change } = promotion;
  const build = { build: change.chosen, repository: image.promoted, title: titleOf(image.name, change) };
  const rehearsal = await context.log.group('Would every project take it?', () =>
    deliver(targets, build, dry(choicesOf(inputs)), ports, context),
  );
  const unable = failuresOf(rehearsal);
  if (unable.length > 0) {
    const reason = `${build.title} is not promoted: ${sentences(unable)}`;
    const next = 'Put that right first. Nothing was changed.';
    return tell({ ...story, result: 'failure', reason, next, ends: rehearsal });
  }
  const saved = await backUpFirst(backups.projects, ports.jobs, context);
  if (failuresOf(saved).length > 0) {
    const reason = `${build.title} is not promoted, for want of a verified backup: ${sentences(failuresOf(saved))}`;
    const next = `${nextOf(saved)} With backup-first: false it goes without one. Neither stable nor a project was changed.`;
    return tell({ ...story, result: 'failure', reason, next, saved });
  }
  let isMoving = false;
  try {
    await moveStable(promotion, saved, ports.registry, context, () => (isMoving = true));
  } catch (error) {
    const known = context.signal.aborted ? new CancelledError('the move of stable') : error;
    if (!(known instanceof ActionError)) throw error;
    return tell({ ...story, ...notMoved(known, build.title, isMoving), saved });
  }
  return bringOut(promotion, { ...story, saved }, build, scene, context);
}

/** No project was asked for more than whether it would take it. */
function notMoved(
  { code, message, hint }: ActionError,
  title: string,
  isMoving: boolean,
): Pick<Story, 'result' | 'reason' | 'next' | 'code'> {
  const where = isMoving ? 'stable may have moved: list-builds shows what it names.' : 'stable was not moved.';
  const next = `${hint ?? 'Run it again: it goes on from what is there.'} What follows stable was not touched.`;
  return { result: 'failure', reason: `${title}: ${message}. ${where}`, next, code };
}

/** stable has moved. */
async function bringOut(
  promotion: Promotion,
  story: Base & { readonly saved: readonly Saved[] },
  build: LaunchedBuild,
  { inputs, targets, left, ports }: Scene,
  context: ActionContext,
): Promise<Outcome<Output>> {
  const { change } = promotion;
  const choices = choicesOf(inputs);
  const ends = await deliver(targets, build, choices, ports, context);
  const failed = ends.filter(hasFailed);
  if (inputs['on-failure'] === 'rollback' && failed.some((end) => cameWithIt(end, change))) {
    const { said, next, ends: back } = await goBack(promotion, ends, targets, choices, ports, context);
    const reason = `${build.title} was promoted and failed: ${sentences(failed)} ${said}`;
    const others = next === undefined ? ends : ends.filter(({ verdict }) => verdict !== 'cancelled');
    return tell({ ...story, result: 'failure', reason, next: `${nextOf(others)} ${next ?? ''}`.trim(), ends, back });
  }
  return tell({ ...story, ...endOf(build.title, change, { saved: story.saved, ends, left }), ends });
}

/** A rollout that was cancelled after it had failed has a cause; one that was cancelled before says nothing of the build. */
function hasFailed({ kind, result, verdict, cause }: ProjectEnd): boolean {
  return kind === 'rollout' && result === 'failure' && (verdict !== 'cancelled' || cause !== '');
}

/** What was stable before this run and ran there already has not failed by the promotion: going back would downgrade everything. */
function cameWithIt({ verdict, before }: ProjectEnd, { direction, chosen }: Change): boolean {
  return direction !== 'same' || (verdict !== 'broken-off' && before !== chosen.digest);
}

interface Ends {
  readonly saved: readonly Saved[];
  readonly ends: readonly ProjectEnd[];
  readonly left: readonly string[];
}

function endOf(
  title: string,
  { direction }: Change,
  { saved, ends, left }: Ends,
): Pick<Story, 'result' | 'reason' | 'next'> {
  const all = [...saved, ...ends];
  const bad = failuresOf(all);
  const yellow = all.filter(({ result }) => result === 'unstable');
  const how = direction === 'same' ? 'is stable already' : `is stable (${direction})`;
  if (bad.length > 0) {
    const reason = `${title} ${how}, but: ${sentences([...bad, ...yellow])}`;
    return { result: 'failure', reason, next: nextOf(all) };
  }
  if (yellow.length > 0)
    return { result: 'unstable', reason: `${title} ${how}: ${sentences(yellow)}`, next: nextOf(all) };
  const where =
    ends.length === 0
      ? 'no project follows it'
      : ends.map(({ project, verdict }) => `${verdict} in ${project}`).join(', ');
  if (left.length > 0) {
    const reason = `${title} ${how}: ${where}, but ${left.join(', ')} was left out and follows it as well.`;
    return { result: 'unstable', reason, next: `Run this again for ${left.join(', ')}.` };
  }
  return { result: 'success', reason: `${title} ${how}: ${where}.` };
}

function failuresOf<End extends Pick<ProjectEnd, 'result'>>(ends: readonly End[]): readonly End[] {
  return ends.filter(({ result }) => result === 'failure');
}

function sentences(ends: readonly ProjectEnd[]): string {
  return ends.map(({ project, reason }) => `${project}: ${reason}`).join(' ');
}

function nextOf(ends: readonly ProjectEnd[]): string {
  const next = ends.flatMap(({ project, next }) => (next === undefined ? [] : [`${project}: ${next}`]));
  return next.length > 0 ? next.join(' ') : 'See the projects below.';
}

function choicesOf(inputs: Inputs): DeliverChoices {
  return {
    // The direction was decided above, for all projects.
    rollout: { timeout: inputs.timeout, 'on-failure': inputs['on-failure'], force: true, 'dry-run': false },
    launch: {
      ...{ wait: 'completion', 'on-cancel': 'leave', 'dry-run': false, timeout: undefined },
      'on-running': inputs['on-running'],
    },
  };
}

function dry({ rollout, launch }: DeliverChoices): DeliverChoices {
  return { rollout: { ...rollout, 'dry-run': true }, launch: { ...launch, 'dry-run': true } };
}

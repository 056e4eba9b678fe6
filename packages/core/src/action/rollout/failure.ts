import type { Outcome } from '../outcome.ts';
import { oneLine } from '../../domain/printable.ts';
import type { Cause } from '../../domain/rollout/cause.ts';
import type { Diagnosis, RolloutTarget, WorkloadState } from '../../domain/rollout/judge.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import type { ActionError } from '../../errors/errors.ts';
import type { RolloutOutput } from './aim.ts';
import { isConflict } from './apply.ts';
import type { Deployment } from './deployment.ts';
import { storyOf } from './deployment.ts';
import type { Evidence } from './evidence.ts';
import { collectEvidence, evidenceBlocks } from './evidence.ts';
import { whoElse } from './look.ts';
import { nextSteps } from './next-steps.ts';
import { tell } from './report.ts';
import type { Rollback } from './rollback.ts';
import { rollBack } from './rollback.ts';

/** What was seen of a deployment that failed. */
export interface Sight {
  readonly targets: readonly RolloutTarget[];
  readonly states: readonly WorkloadState[];
  /** Undefined where the cluster did not show it: there is no evidence then. */
  readonly view: NamespaceView | undefined;
}

const nothingSeen: Sight = { targets: [], states: [], view: undefined };
const noEvidence: Evidence = { parts: [], lastLogLine: '' };
const afterCancel =
  'Some workloads may have the broken build still: deploy the last good build, or run this again to have it rolled back.';

const onTheWayBack =
  'What is set back goes on coming back in the cluster: look whether it gets healthy. Do not run this again: it would deploy the broken build once more.';

/** Evidence first, since a rollback removes it; then back to what was healthy, unless it is to be left. */
export async function failed(
  deployment: Deployment,
  diagnosis: Diagnosis,
  { targets, states, view }: Sight = nothingSeen,
): Promise<Outcome<RolloutOutput>> {
  const { scene, steps, choices, title } = deployment;
  scene.log.info(`${title} failed (${diagnosis.cause}): ${diagnosis.sentence}`);
  const evidence = view ? await collectEvidence(targets, view, diagnosis, scene) : noEvidence;
  const cause = causeOf(diagnosis, evidence);
  const logged = evidence.lastLogLine === '' ? '' : `; its log ends with: ${oneLine(evidence.lastLogLine, 200)}`;
  const why = `failed (${cause}): ${diagnosis.sentence}${logged}`;
  const story = { cause, result: 'failure', evidence: evidenceBlocks(evidence) } as const;
  let rollback: Rollback | undefined;
  try {
    if (choices['on-failure'] === 'rollback') rollback = await rollBack(steps, scene, choices.timeout);
  } catch (error) {
    if (!scene.signal.aborted) throw error;
    const reason = `${title}: cancelled after it had ${why}.`;
    return tell({ ...storyOf(deployment, states), ...story, verdict: 'cancelled', reason, next: afterCancel });
  }
  const told = rollback?.said ?? `It is left as it is (on-failure: leave).`;
  return tell({
    ...storyOf(deployment, rollback && rollback.states.length > 0 ? rollback.states : states),
    ...story,
    verdict: rollback?.verdict ?? 'left-failed',
    reason: `${title} ${why}. ${told}`,
    next: nextOf(cause, rollback),
    ...(rollback && { back: rollback.images }),
  });
}

function nextOf(cause: Cause, rollback: Rollback | undefined): string {
  return rollback?.verdict === 'cancelled' ? onTheWayBack : nextSteps[cause];
}

/** What the cluster does not let it do ends it, and says nothing of the build. */
export async function brokenOff(
  deployment: Deployment,
  error: ActionError,
  sight?: Sight,
): Promise<Outcome<RolloutOutput>> {
  const diagnosis = { cause: 'cluster', sentence: error.message, pod: '', container: '' } as const;
  const outcome = await failed(deployment, diagnosis, sight);
  // What a conflict says itself is that nothing was changed.
  const next = isConflict(error) ? whoElse : error.hint;
  return next === undefined || outcome.outputs.verdict === 'cancelled' ? outcome : { ...outcome, next };
}

/** A program for another processor is started by the runtime all the same: only its log tells. */
function causeOf({ cause }: Diagnosis, { lastLogLine }: Evidence): Cause {
  return /exec format error/.test(lastLogLine) ? 'wrong-platform' : cause;
}

/** Nothing is undone: the rollout goes on in the cluster, and running it again goes on from there. */
export function cancelled(
  deployment: Deployment,
  states: readonly WorkloadState[],
  when: string,
): Outcome<RolloutOutput> {
  const seen = states.map(({ workload, health }) => `${describeWorkload(workload)}: ${health.detail}`).join(', ');
  const reason = `Cancelled ${when}. ${seen === '' ? '' : `Last seen: ${seen}.`}`.trim();
  const next = 'What was set stays set and goes on rolling out in the cluster; run it again to see it through.';
  return tell({ ...storyOf(deployment, states), verdict: 'cancelled', result: 'failure', reason, next });
}

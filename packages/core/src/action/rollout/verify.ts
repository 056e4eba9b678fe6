import type { Outcome } from '../outcome.ts';
import { within } from '../within.ts';
import type { Diagnosis, RolloutTarget, WorkloadState } from '../../domain/rollout/judge.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { RolloutOutput } from './aim.ts';
import { failingCheck } from './checks.ts';
import type { Deployment } from './deployment.ts';
import { storyOf } from './deployment.ts';
import { evidenceMs } from './evidence.ts';
import { brokenOff, cancelled, failed } from './failure.ts';
import type { RolloutEnd } from './follow.ts';
import { followRollout, untilOldPodsLeft } from './follow.ts';
import { observe } from './observe.ts';
import { healthyAnnotation } from './plan.ts';
import { tell } from './report.ts';

/** The workloads are judged once more after the pages, for as long at least. */
const lookAgainMs = 30_000;

/** Watches what was set until it is healthy and its pages answer, or says why not and brings back what was healthy. */
export async function verify(
  deployment: Deployment,
  targets: readonly RolloutTarget[],
): Promise<Outcome<RolloutOutput>> {
  const { scene, choices } = deployment;
  const deadline = new Date(scene.clock.now().getTime() + choices.timeout);
  const end = await followRollout(targets, scene, deadline);
  const runs = end.states.some(({ health }) => health.is === 'healthy');
  if (end.is !== 'healthy') return unhealthy(deployment, end, targets);
  if (runs) {
    const wrong = await askPages(deployment, end.states, targets);
    if (wrong) return wrong;
    // A rollout may succeed and fall over seconds later, while the pages were asked.
    if (deployment.aim.project.checks.length > 0) {
      const now = scene.clock.now().getTime();
      // The pages have a time of their own, which may have taken all of it.
      const still = await followRollout(targets, scene, new Date(Math.max(deadline.getTime(), now + lookAgainMs)));
      if (still.is !== 'healthy') return unhealthy(deployment, still, targets);
    }
  }
  await rememberHealthy(deployment, end.states);
  return wellEnded(deployment, end.states);
}

function wellEnded(deployment: Deployment, states: readonly WorkloadState[]): Outcome<RolloutOutput> {
  const { title, aim, scene, unchanged } = deployment;
  const stopped = states
    .filter(({ health }) => health.is === 'stopped')
    .map(({ workload }) => describeWorkload(workload));
  if (stopped.length === states.length) {
    const reason = `${title} is set, but nothing of it runs: ${stopped.join(', ')} scaled to zero, which is left as it is.`;
    const next = 'Whether it works shows when somebody scales it up; run this again then.';
    return tell({ ...storyOf(deployment, states), verdict: 'stopped', result: 'unstable', reason, next });
  }
  for (const name of stopped) scene.log.warning(`${name} is scaled to zero: it has the new image and stays at zero.`);
  const how = unchanged ? 'runs there already' : 'runs';
  const checks = aim.project.checks.length;
  const pages = checks === 0 ? '' : `, and ${checks === 1 ? 'its page answers' : `its ${checks} pages answer`}`;
  const apart = stopped.length === 0 ? '' : `; ${stopped.join(', ')} scaled to zero and stays so`;
  const reason = `${title} ${how} in ${aim.project.name}: ${states.length - stopped.length} workloads healthy${pages}${apart}.`;
  return tell({
    ...storyOf(deployment, states),
    verdict: unchanged ? 'unchanged' : 'healthy',
    result: 'success',
    reason,
  });
}

function unhealthy(
  deployment: Deployment,
  end: Exclude<RolloutEnd, { is: 'healthy' }>,
  targets: readonly RolloutTarget[],
): Promise<Outcome<RolloutOutput>> | Outcome<RolloutOutput> {
  const { title } = deployment;
  switch (end.is) {
    case 'cancelled':
      return cancelled(deployment, end.states, 'while the rollout was being watched');
    case 'superseded': {
      const reason = `Somebody else has deployed ${end.workload} while ${title} was being rolled out; theirs is left alone.`;
      const next = 'Nothing was rolled back. See which build is meant to run, and deploy that.';
      return tell({ ...storyOf(deployment, end.states), verdict: 'superseded', result: 'unstable', reason, next });
    }
    case 'unseen':
      // Where nothing was set there is nothing to bring back.
      if (deployment.unchanged) throw end.error;
      return brokenOff(deployment, end.error, { targets, states: end.states, view: undefined });
    case 'failed':
      return failed(deployment, end.diagnosis, { targets, view: end.view, states: end.states });
  }
}

/** Undefined when every page answers rightly; else how the deployment ends. */
async function askPages(
  deployment: Deployment,
  states: readonly WorkloadState[],
  targets: readonly RolloutTarget[],
): Promise<Outcome<RolloutOutput> | undefined> {
  const { aim, web, scene } = deployment;
  const { clock, signal } = scene;
  let wrong: string | undefined;
  try {
    // Else an old one could answer, and what it answers says nothing of the new.
    if (aim.project.checks.length > 0) await untilOldPodsLeft(targets, scene);
    wrong = await failingCheck(aim.project.checks, web, clock, signal);
  } catch (error) {
    if (signal.aborted) return cancelled(deployment, states, 'while its pages were being checked');
    if (!(error instanceof ActionError)) throw error;
    return unhealthy(deployment, { is: 'unseen', error, states }, targets);
  }
  if (wrong === undefined) return undefined;
  const diagnosis: Diagnosis = { cause: 'check-failed', sentence: wrong, pod: '', container: '' };
  return failed(deployment, diagnosis, { targets, states, view: await viewNow(deployment) });
}

/** Undefined where the cluster does not show it, which is no reason to leave a broken build where it is. */
async function viewNow({ aim, scene }: Deployment): Promise<NamespaceView | undefined> {
  const look = (signal: AbortSignal) => observe(scene.cluster, scene.namespace, aim.workloads, signal);
  try {
    return await within(evidenceMs, scene, look, undefined);
  } catch (error) {
    if (error instanceof ActionError || scene.signal.aborted) return undefined;
    throw error;
  }
}

/** What this action goes back to when a later build fails. */
async function rememberHealthy(
  { steps, scene, unchanged }: Deployment,
  states: readonly WorkloadState[],
): Promise<void> {
  for (const { workload, after: images, healthy } of steps) {
    const name = describeWorkload(workload);
    const noted = JSON.stringify(images);
    // Where a person has set it, a note may name what they went back from.
    if (healthy === noted || (unchanged && healthy === undefined)) continue;
    if (states.find((state) => describeWorkload(state.workload) === name)?.health.is !== 'healthy') continue;
    // No image is set: what cannot roll one out, such as a DeploymentConfig without a trigger, can be noted all the same.
    const change = { images: {}, annotations: { [healthyAnnotation]: noted }, expected: images };
    try {
      await scene.cluster.setImages(workload, change, { dryRun: false }, scene.signal);
    } catch (error) {
      if (!(error instanceof ActionError) || scene.signal.aborted) throw error;
      scene.log.warning(`${name} is healthy, but that could not be noted on it: ${error.message}`);
    }
  }
}

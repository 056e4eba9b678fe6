import type { Outcome } from '../outcome.ts';
import { oneLine } from '../printable.ts';
import type { Cause } from '../../domain/rollout/cause.ts';
import type { Digest } from '../../domain/digest.ts';
import type { Diagnosis, RolloutTarget, WorkloadState } from '../../domain/rollout/judge.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Web } from '../../ports/web.ts';
import type { Aim, RolloutChoices, RolloutOutput } from './aim.ts';
import { failingCheck } from './checks.ts';
import type { Evidence } from './evidence.ts';
import { collectEvidence, evidenceBlocks } from './evidence.ts';
import type { RolloutEnd, Scene } from './follow.ts';
import { followRollout, untilOldPodsLeft } from './follow.ts';
import { observe } from './observe.ts';
import type { Step } from './plan.ts';
import { healthyAnnotation } from './plan.ts';
import type { Story } from './report.ts';
import { tell } from './report.ts';
import type { Rollback } from './rollback.ts';
import { rollBack } from './rollback.ts';

/** One deployment under way. */
export interface Deployment {
  readonly aim: Aim;
  readonly digest: Digest;
  /** Such as `web latest-412`. */
  readonly title: string;
  readonly steps: readonly Step[];
  readonly scene: Scene;
  readonly choices: RolloutChoices;
  readonly web: Web;
}

/** Watches what was set until it is healthy and its pages answer, or says why not and brings back what was healthy. */
export async function verify(
  deployment: Deployment,
  targets: readonly RolloutTarget[],
  unchanged: boolean,
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
      const still = await followRollout(targets, scene, deadline);
      if (still.is !== 'healthy') return unhealthy(deployment, still, targets);
    }
  }
  if (!unchanged) await rememberHealthy(deployment, end.states);
  return wellEnded(deployment, end.states, unchanged);
}

function wellEnded(
  deployment: Deployment,
  states: readonly WorkloadState[],
  unchanged: boolean,
): Outcome<RolloutOutput> {
  const { title, aim, scene } = deployment;
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
    case 'failed':
      return failed(deployment, end.diagnosis, { targets, view: end.view, states: end.states });
  }
}

interface Scenery {
  readonly targets: readonly RolloutTarget[];
  readonly view: NamespaceView;
  readonly states: readonly WorkloadState[];
}

/** Evidence first, since a rollback removes it; then back to what was healthy, unless it is to be left. */
export async function failed(
  deployment: Deployment,
  diagnosis: Diagnosis,
  scenery: Scenery | undefined,
): Promise<Outcome<RolloutOutput>> {
  const { scene, steps, choices, title } = deployment;
  const states = scenery?.states ?? [];
  scene.log.info(`${title} failed (${diagnosis.cause}): ${diagnosis.sentence}`);
  let evidence: Evidence = { parts: [], lastLogLine: '' };
  let rollback: Rollback | undefined;
  try {
    if (scenery) evidence = await collectEvidence(scenery.targets, scenery.view, diagnosis, scene);
    if (choices['on-failure'] === 'rollback') rollback = await rollBack(steps, scene, choices.timeout);
  } catch (error) {
    if (!scene.signal.aborted) throw error;
    return cancelled(deployment, states, `after it had failed: ${diagnosis.sentence}`);
  }
  const cause = causeOf(diagnosis, evidence);
  const logged = evidence.lastLogLine === '' ? '' : `; its log ends with: ${oneLine(evidence.lastLogLine, 200)}`;
  const told = rollback?.said ?? `It is left as it is (on-failure: leave).`;
  return tell({
    ...storyOf(deployment, rollback && rollback.states.length > 0 ? rollback.states : states),
    verdict: rollback?.verdict ?? 'left-failed',
    cause,
    result: 'failure',
    reason: `${title} failed (${cause}): ${diagnosis.sentence}${logged}. ${told}`,
    next: nextOf(cause),
    ...(rollback && { back: rollback.images }),
    evidence: evidenceBlocks(evidence),
  });
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

/** Undefined when every page answers rightly; else how the deployment ends. */
async function askPages(
  deployment: Deployment,
  states: readonly WorkloadState[],
  targets: readonly RolloutTarget[],
): Promise<Outcome<RolloutOutput> | undefined> {
  const { aim, web, scene } = deployment;
  const { cluster, clock, namespace, signal } = scene;
  try {
    // Else an old one could answer, and what it answers says nothing of the new.
    if (aim.project.checks.length > 0) await untilOldPodsLeft(targets, scene);
    const wrong = await failingCheck(aim.project.checks, web, clock, signal);
    if (wrong === undefined) return undefined;
    const view = await observe(cluster, namespace, aim.workloads, signal);
    const diagnosis: Diagnosis = { cause: 'check-failed', sentence: wrong, pod: '', container: '' };
    return await failed(deployment, diagnosis, { targets, view, states });
  } catch (error) {
    if (signal.aborted) return cancelled(deployment, states, 'while its pages were being checked');
    throw error;
  }
}

/** What this action goes back to when a later build fails. */
async function rememberHealthy({ steps, scene }: Deployment, states: readonly WorkloadState[]): Promise<void> {
  for (const { workload, after: images } of steps) {
    const name = describeWorkload(workload);
    if (states.find((state) => describeWorkload(state.workload) === name)?.health.is !== 'healthy') continue;
    const change = { images, annotations: { [healthyAnnotation]: JSON.stringify(images) }, expected: images };
    try {
      await scene.cluster.setImages(workload, change, { dryRun: false }, scene.signal);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      scene.log.warning(`${name} is healthy, but that could not be noted on it: ${error.message}`);
    }
  }
}

function storyOf(
  { digest, aim, steps }: Deployment,
  states: readonly WorkloadState[],
): Pick<Story, 'digest' | 'checks' | 'steps' | 'states'> {
  return { digest, checks: aim.project.checks, steps, states };
}

const nextSteps: Readonly<Record<Cause, string>> = {
  'image-pull': 'Check that the node can reach the registry and that the namespace has a pull secret for it.',
  'wrong-platform': "Build for the nodes' platform: see input platforms of build-and-tag.",
  'config-missing': 'Create what is missing in the namespace, then run it again.',
  'cannot-start': 'Check the command, user and mounts of the container against the image.',
  'crash-loop': 'Read the log below: the application ends by itself.',
  'init-failed': 'Read the log of the init container below.',
  'out-of-memory': 'Raise the memory limit of the container, or find out why it needs more now.',
  unschedulable: 'Compare requests, node selector and tolerations of the workload with the nodes.',
  quota: "Raise the namespace's quota or lower the requests; a rolling update needs room for one more pod.",
  admission: "Change the workload's pod template to what the cluster's policy demands.",
  volume: 'Check the claim and its volume in the namespace.',
  'not-ready':
    'The application runs but its probe fails: read its log below, or raise the timeout when it is only slow.',
  'workload-missing': 'Find out who deleted it, and restore it from its manifest.',
  'check-failed': 'The workloads are healthy but the page is wrong: read the logs of the application.',
  cluster: 'Check the cluster and what the account may do there.',
  timeout: 'Read the events below, or raise the timeout when the start is only slow.',
};

function nextOf(cause: Cause): string {
  return nextSteps[cause];
}

import type { Views } from '../views.ts';
import { viewsAndTimers } from '../views.ts';
import type { Diagnosis, RolloutTarget, WorkloadState } from '../../domain/rollout/judge.ts';
import { diagnoseTimeout, findWorkload, judge } from '../../domain/rollout/judge.ts';
import { leavingPods } from '../../domain/rollout/newest.ts';
import type { Removal, Standing } from '../../domain/rollout/weigh.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError, RemoteError, TimeoutError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Cluster } from '../../ports/cluster.ts';
import { kindsOf } from './observe.ts';

/** Where a rollout takes place and what it is watched with. */
export interface Scene {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The newest event before anything was changed, by the cluster's own time. */
  readonly since: Date;
}

export type RolloutEnd = { readonly states: readonly WorkloadState[] } & (
  | { readonly is: 'healthy' }
  | { readonly is: 'failed'; readonly diagnosis: Diagnosis; readonly view: NamespaceView }
  | { readonly is: 'superseded'; readonly workload: string }
  | { readonly is: 'cancelled' }
  /** The cluster does not let it be watched any more. */
  | { readonly is: 'unseen'; readonly error: ActionError }
);

/** Watches until the targets are healthy, hopeless, somebody else's, or the time is over. Never polls. */
export async function followRollout(
  targets: readonly RolloutTarget[],
  scene: Scene,
  deadline: Date,
): Promise<RolloutEnd> {
  const { clock, log } = scene;
  const startedAt = clock.now();
  const views = watchTargets(targets, scene);
  const told = new Map<string, string>();
  const removed = new Set<string>();
  let standing: Standing = new Map();
  let states: readonly WorkloadState[] = [];
  let recheckMs: number | undefined;
  try {
    for (;;) {
      const left = deadline.getTime() - clock.now().getTime();
      const view = await views.next(Math.max(0, Math.min(left, recheckMs ?? left)));
      const now = clock.now();
      if (view) {
        const judged = judge(targets, view, standing, now, scene.since);
        const { judgement } = judged;
        ({ standing } = judged);
        ({ states } = judgement);
        tell(states, told, log);
        if (judgement.is === 'healthy') return { is: 'healthy', states };
        if (judgement.is === 'hopeless') return { is: 'failed', diagnosis: judgement.diagnosis, view, states };
        if (judgement.is === 'superseded')
          return { is: 'superseded', workload: describeWorkload(judgement.workload), states };
        await removePods(judgement.remove, removed, scene);
        recheckMs = judgement.recheckMs;
      }
      if (now >= deadline) {
        const late = view ? diagnoseTimeout(targets, view, scene.since) : unseen;
        const sentence = overtime(now.getTime() - startedAt.getTime(), states, late.sentence);
        return { is: 'failed', diagnosis: { ...late, sentence }, view: view ?? emptyView, states };
      }
    }
  } catch (error) {
    if (scene.signal.aborted) return { is: 'cancelled', states };
    if (!(error instanceof ActionError)) throw error;
    return { is: 'unseen', error, states };
  } finally {
    views.stop();
  }
}

function watchTargets(
  targets: readonly RolloutTarget[],
  { cluster, namespace, clock, signal }: Scene,
): Views<NamespaceView> {
  const kinds = kindsOf(targets.map(({ workload }) => workload));
  return viewsAndTimers((either) => cluster.watchNamespace(namespace, kinds, either), clock, signal);
}

/** Kubernetes' own default for the end of a pod (kubernetes.io, Pod Lifecycle, "Termination of Pods"). */
const leaveMs = 30_000;

/**
 * Waits until no old pod of a Deployment is left that could still answer, at most 30 s: one that takes longer to end, such as a
 * worker that finishes its task, neither fails nor holds up a rollout.
 */
export async function untilOldPodsLeft(targets: readonly RolloutTarget[], scene: Scene): Promise<void> {
  const { clock, log } = scene;
  const deadline = clock.now().getTime() + leaveMs;
  const views = watchTargets(targets, scene);
  let told = false;
  try {
    for (;;) {
      const view = await views.next(Math.max(0, deadline - clock.now().getTime()));
      const left = view === undefined ? [] : targets.flatMap((target) => oldPods(target, view));
      if (view && left.length === 0) return;
      const names = left.join(', ');
      if (clock.now().getTime() >= deadline) {
        log.info(`Still ending: ${names || 'the cluster does not say what'}; the pages are asked all the same.`);
        return;
      }
      if (!told) log.info(`Waiting for the end of what ran before: ${names}`);
      told = true;
    }
  } finally {
    views.stop();
  }
}

function oldPods({ workload }: RolloutTarget, view: NamespaceView): string[] {
  const found = findWorkload(view, workload);
  return found ? leavingPods(found, view).map(({ name }) => name) : [];
}

const emptyView: NamespaceView = { workloads: [], replicaSets: [], pods: [], events: [] };
/** Says nothing about the build. */
const unseen: Diagnosis = { cause: 'cluster', sentence: 'the cluster did not answer', pod: '', container: '' };

function tell(states: readonly WorkloadState[], told: Map<string, string>, log: Log): void {
  for (const { workload, health } of states) {
    const name = describeWorkload(workload);
    if (told.get(name) === health.detail) continue;
    told.set(name, health.detail);
    log.info(`${name}: ${health.detail}`);
  }
}

const reasons: Readonly<Record<Removal['why'], string>> = {
  blocking: 'of an older template is broken and keeps its StatefulSet from going on',
  renew: 'waits for a ConfigMap or Secret, which only a new pod looks for at once',
};

async function removePods(removals: readonly Removal[], removed: Set<string>, scene: Scene): Promise<void> {
  for (const { pod, why } of removals) {
    if (removed.has(pod.uid)) continue;
    removed.add(pod.uid);
    const what = `Pod ${pod.name} ${reasons[why]}`;
    scene.log.info(`${what}: it is deleted.`);
    try {
      await scene.cluster.deletePod(pod, scene.signal);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      scene.log.warning(`Pod ${pod.name} could not be deleted: ${error.message}`);
    }
  }
}

function overtime(waitedMs: number, states: readonly WorkloadState[], why: string): string {
  const late = states.filter(({ health }) => health.is === 'progressing');
  const seen = late.map(({ workload, health }) => `${describeWorkload(workload)}: ${health.detail}`).join(', ');
  return new TimeoutError('a healthy rollout', waitedMs, [seen, why].filter((part) => part !== '').join('; ')).message;
}

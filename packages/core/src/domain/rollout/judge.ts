import type { NamespaceView, Workload, WorkloadReference } from '../workload.ts';
import { describeWorkload } from '../workload.ts';
import type { Sign } from './cause.ts';
import type { Health } from './health.ts';
import { healthOf, runsImages } from './health.ts';
import { lastProbeFailure } from './readiness.ts';
import type { Removal, Standing, Timer } from './weigh.ts';
import { timersOf, weigh } from './weigh.ts';
import { workloadSigns } from './workload-signs.ts';

/** What a workload is to become: these images, in its generation `generation` or a later one. */
export interface RolloutTarget {
  readonly workload: WorkloadReference;
  readonly images: Readonly<Record<string, string>>;
  readonly generation: number;
}

export interface WorkloadState {
  readonly workload: WorkloadReference;
  readonly health: Health;
}

/** Why a rollout is given up. `pod` and `container` name whose log explains it; empty where there is none. */
export type Diagnosis = Pick<Sign, 'cause' | 'sentence' | 'pod' | 'container'>;

export type Judgement = { readonly states: readonly WorkloadState[] } & (
  | { readonly is: 'healthy' }
  /** `recheckMs`: judge again by then even when nothing is seen to change; undefined: only what changes matters. */
  | { readonly is: 'progressing'; readonly recheckMs: number | undefined; readonly remove: readonly Removal[] }
  | { readonly is: 'hopeless'; readonly diagnosis: Diagnosis }
  /** Somebody else has set other images meanwhile. */
  | { readonly is: 'superseded'; readonly workload: WorkloadReference }
);

/**
 * Judges a rollout from one view of the namespace. A sign leads to `hopeless` once it has been standing for its grace;
 * one that goes away is forgotten.
 */
export function judge(
  targets: readonly RolloutTarget[],
  view: NamespaceView,
  standing: Standing,
  now: Date,
  since: Date,
): { readonly judgement: Judgement; readonly standing: Standing } {
  const states: WorkloadState[] = [];
  const timers: Timer[] = [];
  for (const target of targets) {
    const workload = findWorkload(view, target.workload);
    if (workload && isSeen(workload, target) && !runsImages(workload, target.images)) {
      return { judgement: { is: 'superseded', workload: target.workload, states }, standing };
    }
    if (!workload) {
      return { judgement: { is: 'hopeless', diagnosis: deleted(target.workload), states }, standing };
    }
    const health = currentHealth(workload, target);
    states.push({ workload: target.workload, health });
    if (health.is === 'progressing' && isSeen(workload, target)) {
      timers.push(...timersOf(workload, workloadSigns(workload, view, since), view, standing));
    }
  }
  if (states.every(({ health }) => health.is !== 'progressing')) {
    return { judgement: { is: 'healthy', states }, standing: new Map() };
  }
  const weighed = weigh(timers, standing, now.getTime());
  return { judgement: { ...verdictOf(weighed.due, weighed.recheckMs), states }, standing: weighed.standing };
}

function verdictOf(due: readonly Timer[], recheckMs: number | undefined) {
  const given = due.find((timer) => timer.then === 'give-up');
  if (given) return { is: 'hopeless', diagnosis: given.sign } as const;
  const remove = due.flatMap((timer) => (timer.then === 'remove' ? timer.removal : []));
  return { is: 'progressing', recheckMs, remove } as const;
}

/** When the time is over: the sign that stands, else the pod that is not ready, else only that it took too long. */
export function diagnoseTimeout(targets: readonly RolloutTarget[], view: NamespaceView, since: Date): Diagnosis {
  const late: Diagnosis[] = [];
  for (const target of targets) {
    const workload = findWorkload(view, target.workload);
    if (!workload || !isSeen(workload, target) || healthOf(workload).is !== 'progressing') continue;
    const [sign] = workloadSigns(workload, view, since);
    if (sign) return sign;
    const probe = lastProbeFailure(workload, view);
    if (probe) late.push({ cause: 'not-ready', ...probe });
  }
  return late[0] ?? { cause: 'timeout', sentence: 'nothing in the cluster says why', pod: '', container: '' };
}

export function findWorkload(view: NamespaceView, { kind, name }: WorkloadReference): Workload | undefined {
  return view.workloads.find((workload) => workload.kind === kind && workload.name === name);
}

/** A view may still be older than the change: then nothing in it counts. */
function isSeen(workload: Workload, target: RolloutTarget): boolean {
  return workload.generation >= target.generation;
}

function currentHealth(workload: Workload, target: RolloutTarget): Health {
  return isSeen(workload, target) ? healthOf(workload) : { is: 'progressing', detail: 'the change is not seen yet' };
}

function deleted(workload: WorkloadReference): Diagnosis {
  const sentence = `${describeWorkload(workload)} has been deleted`;
  return { cause: 'workload-missing', sentence, pod: '', container: '' };
}

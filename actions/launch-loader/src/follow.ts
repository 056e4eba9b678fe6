import { viewsAndTimers } from '@delivery/core/action/views';
import type { Job, JobsView } from '@delivery/core/domain/job';
import type { Sign } from '@delivery/core/domain/rollout/cause';
import type { Standing as SignStanding } from '@delivery/core/domain/rollout/weigh';
import type { ClusterEvent, Pod } from '@delivery/core/domain/workload';
import { LogPump } from './log-pump.ts';
import type { LaunchScene } from './scene.ts';
import { hasStarted, judgeStart } from './start.ts';
import { endOf, podsOf } from './standing.ts';

/** What has become of a Job, with its pods in the order in which they were made. */
export type Followed = { readonly pods: readonly Pod[] } & (
  | { readonly is: 'started' }
  /** Complete or Failed; its log has been handed over. */
  | { readonly is: 'ended'; readonly job: Job; readonly how: 'Complete' | 'Failed'; readonly pump: LogPump }
  | { readonly is: 'hopeless'; readonly sign: Sign; readonly events: readonly ClusterEvent[] }
  | { readonly is: 'late'; readonly events: readonly ClusterEvent[] }
  /** Somebody has deleted it. */
  | { readonly is: 'removed' }
);

/** How often the events are read while a Job does not start: nothing is asked of them before the first time. */
const eventsEveryMs = 4_000;

/** Watches a Job from `from` on until it has started or ended, cannot start, or the time is over. */
export async function followJob(
  job: Job,
  from: JobsView,
  containers: readonly string[],
  scene: LaunchScene,
): Promise<Followed> {
  const { jobs, clock, signal, inputs } = scene;
  const only = inputs.wait === 'start' ? ({ only: 'pods' } as const) : {};
  const views = viewsAndTimers((stop) => jobs.watch(from, only, stop), clock, signal);
  const deadline = clock.now().getTime() + scene.timeoutMs;
  const following = new Following(job, containers, scene);
  let view = from;
  try {
    for (;;) {
      const end = await following.look(view);
      if (end) return end;
      const left = deadline - clock.now().getTime();
      if (left <= 0) return { is: 'late', pods: following.pods, events: await jobs.listEvents(job.namespace, signal) };
      view = (await views.next(following.started ? left : Math.min(left, eventsEveryMs))) ?? view;
    }
  } finally {
    views.stop();
  }
}

/** What is known of a Job from view to view. */
class Following {
  pods: readonly Pod[] = [];
  started = false;
  readonly #job: Job;
  readonly #containers: readonly string[];
  readonly #scene: LaunchScene;
  readonly #pump: LogPump;
  readonly #beginning: Beginnings;
  #seen = false;

  constructor(job: Job, containers: readonly string[], scene: LaunchScene) {
    this.#job = job;
    this.#containers = containers;
    this.#scene = scene;
    this.#pump = new LogPump(scene, scene.place.job.succeeds?.logMatches);
    this.#beginning = new Beginnings(job, containers, scene);
  }

  /** Undefined while there is something to wait for. */
  async look(view: JobsView): Promise<Followed | undefined> {
    const current = view.jobs.find(({ uid }) => uid === this.#job.uid);
    const how = current && endOf(current);
    this.pods = merged(this.pods, podsOf(this.#job, view.pods));
    this.started ||= hasStarted(this.pods, this.#containers);
    if (this.#scene.inputs.wait === 'start') {
      if (this.started || how) return { is: 'started', pods: this.pods };
    } else {
      this.#pump.feed(this.pods, this.#containers);
      if (current && how) return this.#end(current, how);
      this.#seen ||= current !== undefined;
      if (this.#seen && (!current || current.deleting)) return { is: 'removed', pods: this.pods };
    }
    const hopeless = this.started ? undefined : await this.#beginning.judge(this.pods);
    return hopeless && { is: 'hopeless', pods: this.pods, ...hopeless };
  }

  /** Looks once more: the Job's end may be seen before that of its pods, and their last states are what is judged. */
  async #end(job: Job, how: 'Complete' | 'Failed'): Promise<Followed> {
    const last = await this.#scene.jobs.list(job.namespace, this.#scene.signal);
    this.pods = merged(this.pods, podsOf(job, last.pods));
    this.#pump.feed(this.pods, this.#containers);
    await this.#pump.drained();
    return { is: 'ended', job, how, pods: this.pods, pump: this.#pump };
  }
}

/** Judges again and again whether a Job can start; reads the events now and then, since a volume or a quota shows only there. */
class Beginnings {
  readonly #job: Job;
  readonly #containers: readonly string[];
  readonly #scene: LaunchScene;
  #standing: SignStanding = new Map();
  #events: readonly ClusterEvent[] = [];
  #readAt: number;

  constructor(job: Job, containers: readonly string[], scene: LaunchScene) {
    this.#job = job;
    this.#containers = containers;
    this.#scene = scene;
    this.#readAt = scene.clock.now().getTime();
  }

  async judge(pods: readonly Pod[]): Promise<{ sign: Sign; events: readonly ClusterEvent[] } | undefined> {
    const { clock, jobs, signal } = this.#scene;
    const now = clock.now();
    if (now.getTime() - this.#readAt >= eventsEveryMs) {
      this.#readAt = now.getTime();
      this.#events = await jobs.listEvents(this.#job.namespace, signal);
    }
    const beginning = { job: this.#job, pods, events: this.#events, containers: this.#containers };
    const { hopeless, standing } = judgeStart(beginning, this.#standing, now);
    this.#standing = standing;
    return hopeless && { sign: hopeless, events: this.#events };
  }
}

/** Pods that are gone meanwhile stay as they were seen last. */
function merged(before: readonly Pod[], now: readonly Pod[]): Pod[] {
  const gone = before.filter(({ uid }) => now.every((pod) => pod.uid !== uid));
  return [...gone, ...now].toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

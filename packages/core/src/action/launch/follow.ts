import { viewsAndTimers } from '../views.ts';
import type { Job, JobsView } from '../../domain/job.ts';
import type { Sign } from '../../domain/rollout/cause.ts';
import type { Standing as SignStanding } from '../../domain/rollout/weigh.ts';
import type { ClusterEvent, Pod } from '../../domain/workload.ts';
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

/** While a Job does not start, everything is read again so often: a volume or a quota shows in events only, and with `only: 'pods'` nothing shows of the Job. */
const lookEveryMs = 4_000;
const lookSeldomMs = 30_000;
const seldomAfterMs = 60_000;

/** Watches a Job from `from` on until it has started or ended, cannot start, or the time is over. */
export async function followJob(
  job: Job,
  from: JobsView,
  containers: readonly string[],
  scene: LaunchScene,
): Promise<Followed> {
  const { jobs, clock, signal, choices } = scene;
  const only = choices.wait === 'start' ? ({ only: 'pods' } as const) : {};
  const views = viewsAndTimers((stop) => jobs.watch(from, only, stop), clock, signal);
  const began = clock.now().getTime();
  const following = new Following(job, containers, scene);
  let watched: JobsView | undefined;
  let view = from;
  let events: readonly ClusterEvent[] = [];
  let isFresh = false;
  try {
    for (;;) {
      const end = await following.look(view, events, isFresh);
      if (end) return end;
      const passed = clock.now().getTime() - began;
      const left = scene.timeoutMs - passed;
      if (left <= 0) return { is: 'late', pods: following.pods, events: await jobs.listEvents(job.namespace, signal) };
      const pause = following.started ? left : passed < seldomAfterMs ? lookEveryMs : lookSeldomMs;
      const next = await views.next(Math.min(left, pause));
      isFresh = next === watched && !following.started;
      if (isFresh)
        [view, events] = await Promise.all([jobs.list(job.namespace, signal), jobs.listEvents(job.namespace, signal)]);
      else view = next ?? view;
      watched = next;
    }
  } finally {
    views.stop();
    following.stop();
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
  #standing: SignStanding = new Map();
  #seen = false;

  constructor(job: Job, containers: readonly string[], scene: LaunchScene) {
    this.#job = job;
    this.#containers = containers;
    this.#scene = scene;
    this.#pump = new LogPump(scene);
  }

  stop(): void {
    this.#pump.stop();
  }

  /** Undefined while there is something to wait for. `isFresh`: the view was asked for since, so a Job that it lacks is gone. */
  async look(view: JobsView, events: readonly ClusterEvent[], isFresh: boolean): Promise<Followed | undefined> {
    const current = view.jobs.find(({ uid }) => uid === this.#job.uid);
    const how = current && endOf(current);
    this.pods = merged(this.pods, podsOf(this.#job, view.pods));
    this.started ||= hasStarted(this.pods, this.#containers);
    if (this.#scene.choices.wait === 'start') {
      if (this.started || how === 'Complete') return { is: 'started', pods: this.pods };
    } else {
      this.#pump.feed(this.pods, this.#containers);
      // A watch may be behind what was asked for.
      this.#seen ||= current !== undefined && !isFresh;
    }
    if (current && how) return this.#end(current, how);
    const isGone = !current || current.deleting;
    if (isGone && (this.#seen || isFresh)) return this.#gone();
    return this.started ? undefined : this.#judgeStart(events);
  }

  #judgeStart(events: readonly ClusterEvent[]): Followed | undefined {
    const beginning = { job: this.#job, pods: this.pods, events, containers: this.#containers };
    const { hopeless, standing } = judgeStart(beginning, this.#standing, this.#scene.clock.now());
    this.#standing = standing;
    return hopeless && { is: 'hopeless', pods: this.pods, sign: hopeless, events };
  }

  /** A Job that is deleted as soon as it is Complete (by its ttl, its CronJob's history limit, the next launch) is not seen Complete. */
  async #gone(): Promise<Followed> {
    if (this.pods.at(-1)?.phase !== 'Succeeded') return { is: 'removed', pods: this.pods };
    return this.#end(this.#job, 'Complete');
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

/** Pods that are gone meanwhile stay as they were seen last. */
function merged(before: readonly Pod[], now: readonly Pod[]): Pod[] {
  const gone = before.filter(({ uid }) => now.every((pod) => pod.uid !== uid));
  return [...gone, ...now].toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

import type { CronJob, Job, JobsView, NewJob } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import type { ClusterEvent, Pod } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Clock } from '@delivery/core/ports/clock';
import type { ContainerRun, Jobs } from '@delivery/core/ports/jobs';
import { FakeClock } from './fake-clock.ts';
import type { FakeTemplate } from './fake-template.ts';
import { requireContainers, requireFreeVariables } from './fake-template.ts';
import { Watchers } from './watchers.ts';

/** What a namespace holds. Lists are replaced, never changed, so that a watch sees by identity what has changed. */
interface Space {
  readonly cronJobs: readonly CronJob[];
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
  readonly events: readonly ClusterEvent[];
}

/** A Job that was made. */
export interface Creation {
  readonly cronJob: CronJob;
  readonly job: NewJob;
}

const empty: Space = { cronJobs: [], jobs: [], pods: [], events: [] };

/** Namespaces in memory. It plays the API server, not its controllers: a test scripts what follows by `onCreate` and `put…`. */
export class FakeJobs implements Jobs {
  /** Every call in the order they came, and how many requests the adapter makes for it. */
  readonly calls: { readonly method: keyof Jobs; readonly namespace: string; readonly requests: number }[] = [];
  readonly creations: Creation[] = [];
  /** What the API server's admission has against a Job, also in a dry run. Called before the name is looked at. */
  onAdmission: (job: NewJob, namespace: string) => void = () => {};
  /** Lines by `<pod>/<container>/<restarts>`. Use `addLines` while one is followed. */
  readonly logs = new Map<string, readonly string[]>();
  /** Called once a Job is made (never for a dry run). What it throws is what `create` throws: an answer that is lost. */
  onCreate: (job: Job) => void = () => {};
  /** Called once a Job is deleted; by default its pods go with it. */
  onRemove: (job: Job) => void = (job) => {
    for (const pod of this.space(job.namespace).pods) if (pod.ownerUid === job.uid) this.removePod(pod);
  };
  readonly #clock: Pick<Clock, 'now'>;
  readonly #spaces = new Map<string, Space>();
  readonly #watchers = new Watchers();
  readonly #endedLogs = new Set<string>();
  readonly #failures = new Map<string | undefined, RemoteError>();
  #version = 0;

  constructor(clock: Pick<Clock, 'now'> = new FakeClock()) {
    this.#clock = clock;
  }

  get requests(): number {
    return this.calls.reduce((sum, { requests }) => sum + requests, 0);
  }

  space(namespace: string): Space {
    return this.#spaces.get(namespace) ?? empty;
  }

  /** The Job of that name as it is now. */
  job(namespace: string, name: string): Job | undefined {
    return this.space(namespace).jobs.find((job) => job.name === name);
  }

  putCronJob(cronJob: CronJob): void {
    const { cronJobs } = this.space(cronJob.namespace);
    this.#change(cronJob.namespace, { cronJobs: put(cronJobs, cronJob) });
  }

  removeCronJob({ namespace, name }: Pick<CronJob, 'namespace' | 'name'>): void {
    this.#change(namespace, { cronJobs: this.space(namespace).cronJobs.filter((other) => other.name !== name) });
  }

  /** Puts a Job in place of the one of its name, or adds it; it gets a new resourceVersion, as with every write. */
  putJob(job: Job): Job {
    this.#version += 1;
    const stored = { ...job, resourceVersion: String(this.#version) };
    this.#change(job.namespace, { jobs: put(this.space(job.namespace).jobs, stored) });
    return stored;
  }

  removeJob({ namespace, name }: Pick<Job, 'namespace' | 'name'>): void {
    this.#change(namespace, { jobs: this.space(namespace).jobs.filter((other) => other.name !== name) });
  }

  putPod(pod: Pod): void {
    this.#change(pod.namespace, { pods: put(this.space(pod.namespace).pods, pod) });
  }

  removePod({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): void {
    this.#change(namespace, { pods: this.space(namespace).pods.filter((other) => other.name !== name) });
  }

  putEvent(namespace: string, event: ClusterEvent): void {
    this.#change(namespace, { events: [...this.space(namespace).events, event] });
  }

  /** What a container prints; whoever follows its log gets it. `log` is `<pod>/<container>/<restarts>`. */
  addLines(log: string, ...lines: readonly string[]): void {
    this.logs.set(log, [...(this.logs.get(log) ?? []), ...lines]);
    this.#wake();
  }

  /** Ends a log without a change of its pod; it ends by itself once the pod shows the container terminated or started anew. */
  endLog(log: string): void {
    this.#endedLogs.add(log);
    this.#wake();
  }

  /** From now on every call fails with `error`, and every watch ends with it: in one namespace or in all. Undefined: no more. */
  fail(error: RemoteError | undefined, namespace?: string): void {
    if (error) this.#failures.set(namespace, error);
    else this.#failures.delete(namespace);
    this.#wake();
  }

  async readCronJob(namespace: string, name: string, signal: AbortSignal): Promise<CronJob | undefined> {
    await this.#answer('readCronJob', namespace, 1, signal);
    return this.space(namespace).cronJobs.find((cronJob) => cronJob.name === name);
  }

  async list(namespace: string, signal: AbortSignal): Promise<JobsView> {
    await this.#answer('list', namespace, 2, signal);
    return viewOf(namespace, this.space(namespace));
  }

  async *watch(
    view: JobsView,
    { only }: { only?: 'pods' },
    signal: AbortSignal,
  ): AsyncGenerator<JobsView, never, undefined> {
    const { namespace } = view;
    let seen = view.version as Space;
    await this.#answer('watch', namespace, only ? 1 : 2, signal);
    for (;;) {
      const now = this.space(namespace);
      const isNews = now.pods !== seen.pods || (now.jobs !== seen.jobs && !only);
      if (isNews) {
        seen = now;
        yield only ? { ...viewOf(namespace, now), jobs: view.jobs } : viewOf(namespace, now);
      } else await this.#watchers.next(signal);
      signal.throwIfAborted();
      this.#throwFailure(namespace);
    }
  }

  async create(cronJob: CronJob, job: NewJob, { dryRun }: { dryRun: boolean }, signal: AbortSignal): Promise<Job> {
    const { namespace } = cronJob;
    await this.#answer('create', namespace, 1, signal);
    // From here to the end nothing is awaited: the Job is made whole or not at all.
    requireContainers(cronJob, job);
    requireFreeVariables(cronJob, job);
    this.onAdmission(job, namespace);
    if (this.job(namespace, job.name))
      throw new RemoteError('cluster', `${describeJob({ namespace, name: job.name })} already exists`, {
        status: 409,
        retryable: false,
      });
    this.#version += 1;
    const made = newJob({
      namespace,
      name: job.name,
      uid: `uid-${this.#version}`,
      resourceVersion: String(this.#version),
      ownerUid: cronJob.uid,
      createdAt: wholeSeconds(this.#clock.now()),
      labels: { ...(cronJob.template as FakeTemplate).labels, ...job.labels },
      annotations: { ...job.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
    });
    if (dryRun) return made;
    this.creations.push({ cronJob, job });
    this.#change(namespace, { jobs: [...this.space(namespace).jobs, made] });
    this.onCreate(made);
    return made;
  }

  async remove(job: Job, { unchanged }: { unchanged: boolean }, signal: AbortSignal): Promise<boolean> {
    await this.#answer('remove', job.namespace, 1, signal);
    const there = this.job(job.namespace, job.name);
    if (there?.uid !== job.uid) return true;
    if (unchanged && there.resourceVersion !== job.resourceVersion) return false;
    this.removeJob(there);
    this.onRemove(there);
    return true;
  }

  async listEvents(namespace: string, signal: AbortSignal): Promise<readonly ClusterEvent[]> {
    await this.#answer('listEvents', namespace, 1, signal);
    const { events } = this.space(namespace);
    return events.toSorted((a, b) => a.lastSeen.getTime() - b.lastSeen.getTime()).slice(-1000);
  }

  async followLog(
    run: ContainerRun,
    take: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<'complete' | 'gone'> {
    const key = `${run.pod.name}/${run.container}/${run.restarts}`;
    await this.#answer('followLog', run.pod.namespace, 1, signal);
    for (let taken = 0; ;) {
      const end = this.#endOf(run, key);
      const lines = end === 'gone' ? [] : (this.logs.get(key) ?? []).slice(taken);
      if (lines.length > 0) {
        taken += lines.length;
        take(lines);
      } else if (end) return end;
      else await this.#watchers.next(signal);
      signal.throwIfAborted();
      this.#throwFailure(run.pod.namespace);
    }
  }

  /** As the API server would tell it: by the pod's status; it keeps the log of the run before the present one. */
  #endOf({ pod, container, restarts }: ContainerRun, key: string): 'complete' | 'gone' | undefined {
    const there = this.space(pod.namespace).pods.find(({ uid }) => uid === pod.uid);
    if (!there) return 'gone';
    const status = there.containers.find(({ name }) => name === container);
    const newer = (status?.restarts ?? 0) - restarts;
    if (newer > 1) return 'gone';
    const isOver = newer === 1 || (newer === 0 && status?.state.is === 'terminated');
    return isOver || this.#endedLogs.has(key) ? 'complete' : undefined;
  }

  #change(namespace: string, change: Partial<Space>): void {
    this.#spaces.set(namespace, { ...this.space(namespace), ...change });
    this.#wake();
  }

  #wake(): void {
    this.#watchers.wake();
  }

  async #answer(method: keyof Jobs, namespace: string, requests: number, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    this.calls.push({ method, namespace, requests });
    this.#throwFailure(namespace);
  }

  #throwFailure(namespace: string): void {
    const failure = this.#failures.get(namespace) ?? this.#failures.get(undefined);
    if (failure) throw failure;
  }
}

/** A Job of no CronJob that has just been made: no pod, no condition. */
export function newJob(given: Partial<Job> = {}): Job {
  const { namespace = 'test', name = 'loader' } = given;
  return {
    namespace,
    name,
    uid: `Job-${namespace}-${name}`,
    resourceVersion: '1',
    ownerUid: '',
    createdAt: new Date(0),
    labels: {},
    annotations: {},
    suspended: false,
    deleting: false,
    active: 0,
    terminating: 0,
    conditions: [],
    ...given,
  };
}

/** A CronJob whose pods have one container `loader`. */
export function newCronJob(given: Partial<CronJob> = {}): CronJob {
  const { namespace = 'test', name = 'loader' } = given;
  return {
    namespace,
    name,
    uid: `CronJob-${namespace}-${name}`,
    containers: [{ name: 'loader', image: 'registry.example.org/loader:1', init: false }],
    podsPerJob: 1,
    podLabels: {},
    template: {} satisfies FakeTemplate,
    ...given,
  };
}

function viewOf(namespace: string, space: Space): JobsView {
  const pods = space.pods.filter(({ labels }) => labels['job-name'] !== undefined);
  return { namespace, jobs: space.jobs, pods, version: space };
}

function put<Item extends { readonly name: string }>(items: readonly Item[], item: Item): Item[] {
  return [...items.filter(({ name }) => name !== item.name), item];
}

/** The API server keeps times in whole seconds. */
function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

import type { CronJob, Job, JobsView } from '../../domain/job.ts';
import type { Pod } from '../../domain/workload.ts';

/** Label of what is launched from a CronJob, its name. */
export const cronJobLabel = 'delivery.actions/cron-job';

/** Something of a CronJob that has not ended: a Job, or pods that have outlived theirs. */
export interface Running {
  readonly name: string;
  readonly uid: string;
  readonly since: Date;
  /** What it does, such as `runs` or `is suspended`. */
  readonly state: string;
  /** Nothing of it works, and what it waits for may never come. */
  readonly mayNotEnd: boolean;
}

export interface Standing {
  readonly running: readonly Running[];
  /** Complete or Failed, and nothing of them runs any more. */
  readonly finished: readonly Job[];
}

/** The name of the Jobs of a CronJob: one alone, so that the API server lets only one be made at a time. */
export function jobNameOf(cronJob: Pick<CronJob, 'name'>): string {
  return cronJob.name;
}

/** Jobs made from this CronJob, by whomever: by its own schedule, by hand, or by a run. */
export function isMadeFrom(job: Job, cronJob: CronJob): boolean {
  return job.ownerUid === cronJob.uid || job.labels[cronJobLabel] === cronJob.name;
}

/** What of this CronJob runs and what has ended, by status and conditions alone. */
export function standingOf(view: JobsView, cronJob: CronJob): Standing {
  const jobs = view.jobs.filter((job) => isMadeFrom(job, cronJob));
  const states = jobs.map((job) => ({ job, state: stateOf(job, view.pods) }));
  const running = states.flatMap(({ job, state }) =>
    state === undefined
      ? []
      : [{ name: job.name, uid: job.uid, since: job.createdAt, state, mayNotEnd: state !== 'runs' }],
  );
  const finished = states.filter(({ state }) => state === undefined).map(({ job }) => job);
  const orphans = view.pods.filter((pod) => isOrphan(pod, view.jobs, cronJob) && !hasEnded(pod));
  const leftover = orphans.map((pod) => ({
    name: pod.labels['job-name'] ?? pod.name,
    uid: pod.ownerUid,
    since: pod.createdAt,
    state: `is deleted, and its pod ${pod.name} still ends`,
    mayNotEnd: false,
  }));
  return { running: [...running, ...leftover], finished };
}

/** Of a pod: Succeeded and Failed are for ever (Kubernetes, "Pod phase"). */
export function hasEnded({ phase }: Pod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function podsOf(job: Pick<Job, 'uid'>, pods: readonly Pod[]): Pod[] {
  return pods
    .filter(({ ownerUid }) => ownerUid === job.uid)
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** `Complete` or `Failed` when that condition is True. */
export function endOf({ conditions }: Job): 'Complete' | 'Failed' | undefined {
  const condition = conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return condition?.type as 'Complete' | 'Failed' | undefined;
}

/** Undefined when it has ended altogether. Kubernetes before 1.31 sets Failed while pods still end. */
function stateOf(job: Job, pods: readonly Pod[]): string | undefined {
  if (job.deleting) return 'is being deleted';
  const own = podsOf(job, pods);
  const alive = own.filter((pod) => !hasEnded(pod));
  if (endOf(job) !== undefined && job.terminating === 0 && alive.length === 0) return undefined;
  if (endOf(job) !== undefined || alive.some(({ deleting }) => deleting)) return 'is over, but its pods still end';
  if (job.suspended) return 'is suspended';
  const waiting = alive.find(({ phase }) => phase === 'Pending');
  if (waiting) return `waits: pod ${waiting.name} ${waitingFor(waiting)}`;
  return alive.length > 0 || job.active > 0 ? 'runs' : 'is about to make a pod';
}

function waitingFor({ containers, conditions }: Pod): string {
  const state = containers.map((container) => container.state).find(({ is }) => is === 'waiting');
  if (state?.is === 'waiting' && state.reason !== '') return `has ${state.reason}`;
  const place = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return place ? 'finds no place' : 'is being set up';
}

/** A pod whose Job is gone already, made by it or by hand from the same template. */
function isOrphan(pod: Pod, jobs: readonly Job[], cronJob: CronJob): boolean {
  if (jobs.some(({ uid }) => uid === pod.ownerUid)) return false;
  const labels = Object.entries(cronJob.podLabels);
  const ofTemplate = labels.length > 0 && labels.every(([key, value]) => pod.labels[key] === value);
  return ofTemplate || pod.labels[cronJobLabel] === cronJob.name;
}

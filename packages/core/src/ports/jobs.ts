import type { CronJob, Job, JobsView, NewJob } from '../domain/job.ts';
import type { ClusterEvent, Pod } from '../domain/workload.ts';

/** One run of a container: `restarts` is the restartCount it has while it runs. */
export interface ContainerRun {
  readonly pod: Pod;
  readonly container: string;
  readonly restarts: number;
}

/** Jobs of one cluster of Kubernetes (API v1.34, batch/v1). Throws RemoteError (`cluster`), or the signal's reason. */
export interface Jobs {
  /** Undefined when there is none of that name. One request. */
  readCronJob(namespace: string, name: string, signal: AbortSignal): Promise<CronJob | undefined>;
  /** The Jobs of a namespace and their pods as they are now. Two requests. */
  list(namespace: string, signal: AbortSignal): Promise<JobsView>;
  /**
   * The view again after each change since `view`, by watch; two requests, or one with `only: 'pods'` (then the Jobs stay as they
   * are in `view`). Reconnects by itself; ends only with the signal (rejects with its reason) or a RemoteError that is final.
   */
  watch(view: JobsView, options: { only?: 'pods' }, signal: AbortSignal): AsyncIterable<JobsView>;
  /**
   * Makes a Job from the template, owned by its CronJob as `kubectl create job --from` does it. RemoteError status 409 when the
   * namespace has a Job of that name, by whomever: after a lost answer it may be this one. With `dryRun` nothing is kept.
   */
  create(cronJob: CronJob, job: NewJob, options: { dryRun: boolean }, signal: AbortSignal): Promise<Job>;
  /**
   * Deletes this very Job, known by its uid, and its pods after it (propagation in the background). True when it is gone or going
   * then, whoever did it. With `unchanged` only as long as it is what was read (resourceVersion): false when it is not.
   */
  remove(job: Job, options: { unchanged: boolean }, signal: AbortSignal): Promise<boolean>;
  /** The newest events of the namespace, at most 1000, the oldest of them first. One request. */
  listEvents(namespace: string, signal: AbortSignal): Promise<readonly ClusterEvent[]>;
  /**
   * Hands over every line of what a container logs, from its first line on, in order and each once, over lost connections and
   * rotated files, until it has ended: then `complete`. `gone`: the pod, or the log of that run, is not there any more, so
   * lines may be missing. Lines come without their line feed, in batches as they arrive; a line is cut at 16 KiB.
   */
  followLog(
    run: ContainerRun,
    take: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<'complete' | 'gone'>;
}

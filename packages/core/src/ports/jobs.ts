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
   * are in `view`), and again once a minute. `view` is of `list` or of any watch. Reconnects by itself; ends only with the signal
   * (rejects with its reason) or a RemoteError that is final.
   */
  watch(view: JobsView, options: { only?: 'pods' }, signal: AbortSignal): AsyncIterable<JobsView>;
  /**
   * Makes a Job from the template, owned by its CronJob as `kubectl create job --from` does it. RemoteError status 409 when the
   * namespace has a Job of that name, by whomever: after a lost answer it may be this one. With `dryRun` nothing is kept. One
   * request; none, and ActionError `container-unknown`, when `images` or `env` names a container that the template does not have,
   * or `env-taken` when `env` names a variable that the template takes from a Secret, a ConfigMap or a field.
   */
  create(cronJob: CronJob, job: NewJob, options: { dryRun: boolean }, signal: AbortSignal): Promise<Job>;
  /**
   * Deletes this very Job, known by its uid, and its pods after it (propagation in the background). True when it is gone or going
   * then, whoever did it. With `unchanged` only as long as it is what was read (resourceVersion): false when it is not. One
   * request, and one more to find out what a conflict with `unchanged` means.
   */
  remove(job: Job, options: { unchanged: boolean }, signal: AbortSignal): Promise<boolean>;
  /** The newest events of the namespace, at most 1000, the oldest of them first. One request. */
  listEvents(namespace: string, signal: AbortSignal): Promise<readonly ClusterEvent[]>;
  /**
   * Hands over every line of what a container logs, from its first line on, in order and each once, over lost connections and
   * rotated files, until it has ended: then `complete`. `gone`: the pod, or the log of that run, is not there any more, so
   * lines may be missing. Lines come without their line feed, in batches as they arrive; a line is cut at 16 KiB.
   *
   * Waits for a container that has not started. What the node rotated away before the first connection, or while none stood, is
   * not to be had: such lines are missing from a `complete` log. The log of a run is soon gone once the next run has ended: follow
   * it while it runs. Five requests, three more for each lost connection or 30 s of silence. What `take` throws is thrown. A log
   * that cannot be read for about 45 s after the container's end is `gone`, or throws its RemoteError.
   */
  followLog(
    run: ContainerRun,
    take: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<'complete' | 'gone'>;
}

import type { NamespaceView, Pod, Workload, WorkloadReference } from '../domain/workload.ts';

/** Sets images of one workload, all or none. */
export interface ImageChange {
  /** Container name (init containers included) to the full reference by digest. */
  readonly images: Readonly<Record<string, string>>;
  /** Annotations of the workload itself, not of its pods; null removes one. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** When given: the images that must be there still, else nothing is changed and RemoteError status 409 is thrown. */
  readonly expected?: Readonly<Record<string, string>>;
}

export interface LogOptions {
  /** The log of the container that ran before the last restart. */
  readonly previous: boolean;
  readonly tailLines: number;
  readonly limitBytes: number;
}

/** One cluster of Kubernetes (API v1.34). Throws RemoteError (`cluster`). */
export interface Cluster {
  /** Undefined when there is none of that name. */
  readWorkload(workload: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined>;
  /** Patches and gives the workload as the API server answers it. With `dryRun` the server checks everything and keeps nothing. */
  setImages(
    workload: WorkloadReference,
    change: ImageChange,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<Workload>;
  /**
   * The namespace as it is and again after each change that is seen, by list and watch: first the present state, complete, then
   * a new view for every change. Reconnects by itself; ends only with the signal (rejects with its reason) or a RemoteError that is not retryable.
   */
  watchNamespace(namespace: string, signal: AbortSignal): AsyncIterable<NamespaceView>;
  /** Deletes this very pod, known by its uid; nothing happens when it is gone or another has taken its name. */
  deletePod(pod: Pod, signal: AbortSignal): Promise<void>;
  /** A container's log; an empty text when there is none (never started, gone). */
  readLog(pod: Pod, container: string, options: LogOptions, signal: AbortSignal): Promise<string>;
}

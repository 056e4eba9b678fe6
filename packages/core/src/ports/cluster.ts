import type { NamespaceView, Pod, Workload, WorkloadKind, WorkloadReference } from '../domain/workload.ts';

/**
 * Sets images of one workload, all or none. A container that a trigger feeds (Container.fedBy) is set by tagging its ImageStream, and
 * waiting until the trigger has put the digest into the template: what is patched there comes back. Where that does not happen the
 * tag is set back where that can be (see SetOptions), and ActionError `import-failed` or `trigger-silent` thrown.
 */
export interface ImageChange {
  /** Container name (init containers included) to the full reference by digest. */
  readonly images: Readonly<Record<string, string>>;
  /** Annotations of the workload itself, not of its pods; null removes one. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** When given: the images that must be there still (see runsImage), else nothing is changed and RemoteError status 409 is thrown. */
  readonly expected?: Readonly<Record<string, string>>;
}

export interface SetOptions {
  /** The server checks everything and keeps nothing. */
  readonly dryRun: boolean;
  /**
   * For a way back, where what was before is what failed: tags stay as they were set, whatever goes wrong, unless the image cannot be
   * imported or somebody else has changed the workload.
   */
  readonly keepTags?: boolean;
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
  /** Patches and gives the workload as the API server answers it. */
  setImages(
    workload: WorkloadReference,
    change: ImageChange,
    options: SetOptions,
    signal: AbortSignal,
  ): Promise<Workload>;
  /**
   * The namespace as it is and again after each change that is seen, by list and watch: first the present state, complete, then
   * a new view for every change. Reconnects by itself; ends only with the signal (rejects with its reason) or a RemoteError that is not retryable.
   * `kinds` are those that are looked for: Deployments and StatefulSets are given in any case, others only when they are named, since
   * a cluster need not have them.
   */
  watchNamespace(namespace: string, kinds: readonly WorkloadKind[], signal: AbortSignal): AsyncIterable<NamespaceView>;
  /** Deletes this very pod, known by its uid; nothing happens when it is gone or another has taken its name. */
  deletePod(pod: Pod, signal: AbortSignal): Promise<void>;
  /** A container's log; an empty text when there is none (never started, gone). */
  readLog(pod: Pod, container: string, options: LogOptions, signal: AbortSignal): Promise<string>;
}

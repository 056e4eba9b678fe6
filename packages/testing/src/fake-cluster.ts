import type {
  NamespaceView,
  Pod,
  StreamTag,
  Workload,
  WorkloadKind,
  WorkloadReference,
} from '@delivery/core/domain/workload';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { Cluster, ImageChange, LogOptions, SetOptions } from '@delivery/core/ports/cluster';
import { fedBy, inWords, missing, requireFit, silent, tagName, withChange } from './fake-change.ts';
import { Watchers } from './watchers.ts';

/** One call of setImages that was let through. */
export interface SetImagesCall {
  readonly workload: WorkloadReference;
  readonly change: ImageChange;
  readonly dryRun: boolean;
}

/** Namespaces in memory. It plays the API server, not its controllers: a test scripts what follows a change by `onSetImages`. */
export class FakeCluster implements Cluster {
  readonly calls: SetImagesCall[] = [];
  /** Logs by `<pod>/<container>`, and `<pod>/<container>/previous`. */
  readonly logs = new Map<string, string>();
  /** What the tags of ImageStreams are to name, by tagName. */
  readonly tags = new Map<string, string>();
  /** What a trigger writes for an image that a tag names; undefined: it cannot be imported. */
  imported: (image: string) => string | undefined = (image) => image;
  /** Whether no trigger writes to it. */
  isSilent: (workload: WorkloadReference) => boolean = () => false;
  /** Called after images were set (never for a dry run) with the workload as it is then. */
  onSetImages: (workload: Workload) => void = () => {};
  readonly #views = new Map<string, NamespaceView>();
  readonly #watchers = new Watchers();
  #failure: RemoteError | undefined;

  view(namespace: string): NamespaceView {
    return this.#views.get(namespace) ?? { workloads: [], replicaSets: [], pods: [], events: [] };
  }

  /** Changes a namespace; everyone who watches sees it. */
  change(namespace: string, change: (view: NamespaceView) => Partial<NamespaceView>): void {
    const view = this.view(namespace);
    this.#views.set(namespace, { ...view, ...change(view) });
    this.#watchers.wake();
  }

  /** Puts a workload in place of the one of the same kind and name, or adds it. */
  putWorkload(workload: Workload): void {
    this.change(workload.namespace, ({ workloads }) => ({
      workloads: [...workloads.filter((other) => !isSame(other, workload)), workload],
    }));
  }

  /** Puts a pod in place of the one of the same name, or adds it. */
  putPod(pod: Pod): void {
    this.change(pod.namespace, ({ pods }) => ({ pods: [...pods.filter(({ name }) => name !== pod.name), pod] }));
  }

  /** From now on every call fails with `error`, and every watch ends with it; undefined: no more. */
  fail(error: RemoteError | undefined): void {
    this.#failure = error;
    this.#watchers.wake();
  }

  async readWorkload(reference: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    await this.#answer(signal);
    return this.#find(reference);
  }

  async setImages(
    reference: WorkloadReference,
    change: ImageChange,
    { dryRun, keepTags }: SetOptions,
    signal: AbortSignal,
  ): Promise<Workload> {
    await this.#answer(signal);
    // From here to the end nothing is awaited: the change is made whole or not at all.
    const workload = this.#find(reference);
    if (!workload) throw missing(reference);
    const { name, namespace, kind } = reference;
    requireFit(workload, change);
    this.calls.push({ workload: { kind, namespace, name }, change, dryRun });
    const changed = withChange(workload, inWords(workload, change, this.imported));
    if (dryRun) return changed;
    const fed = fedBy(workload, change);
    const silence = fed.length > 0 && this.isSilent(reference) ? silent(workload, fed, keepTags) : undefined;
    if (!silence || keepTags) for (const [container, image] of fed) this.#tag(container.fedBy, image);
    if (silence) throw silence;
    this.putWorkload(changed);
    this.onSetImages(changed);
    return changed;
  }

  async *watchNamespace(
    namespace: string,
    kinds: readonly WorkloadKind[],
    signal: AbortSignal,
  ): AsyncGenerator<NamespaceView, never, undefined> {
    let seen: NamespaceView | undefined;
    for (;;) {
      await this.#answer(signal);
      const view = this.view(namespace);
      if (view === seen) {
        await this.#watchers.next(signal);
        continue;
      }
      seen = view;
      this.#views.set(namespace, view);
      const workloads = view.workloads.filter(({ kind }) => kind !== 'DeploymentConfig' || kinds.includes(kind));
      yield { ...view, workloads };
    }
  }

  async deletePod(pod: Pod, signal: AbortSignal): Promise<void> {
    await this.#answer(signal);
    this.change(pod.namespace, ({ pods }) => ({ pods: pods.filter(({ uid }) => uid !== pod.uid) }));
  }

  async readLog(pod: Pod, container: string, options: LogOptions, signal: AbortSignal): Promise<string> {
    await this.#answer(signal);
    const log = this.logs.get(`${pod.name}/${container}${options.previous ? '/previous' : ''}`) ?? '';
    const lines = log.split(/(?<=\n)/).slice(-options.tailLines);
    return lines.join('').slice(-options.limitBytes);
  }

  /** Every workload that the tag feeds gets its image. */
  #tag(tag: StreamTag, image: string): void {
    this.tags.set(tagName(tag), image);
    for (const namespace of this.#views.keys())
      for (const workload of this.view(namespace).workloads) {
        const fed = workload.containers.filter((one) => one.fedBy && tagName(one.fedBy) === tagName(tag));
        const images = Object.fromEntries(fed.map(({ name }) => [name, this.imported(image) ?? image]));
        if (fed.length > 0 && !this.isSilent(workload))
          this.putWorkload(withChange(workload, { images, annotations: {} }));
      }
  }

  #find(reference: WorkloadReference): Workload | undefined {
    return this.view(reference.namespace).workloads.find((workload) => isSame(workload, reference));
  }

  async #answer(signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.#failure) throw this.#failure;
  }
}

/** A workload with one container `web`, zero replicas, and everything observed. */
export function newWorkload(given: Partial<Workload> = {}): Workload {
  const { kind = 'Deployment', namespace = 'test', name = 'web' } = given;
  return {
    kind,
    namespace,
    name,
    uid: `${kind}-${namespace}-${name}`,
    generation: 1,
    observedGeneration: 1,
    paused: false,
    partial: false,
    annotations: {},
    containers: [{ name: 'web', image: 'registry.example.org/web:1', init: false }],
    wanted: 0,
    replicas: 0,
    updated: 0,
    ready: 0,
    available: 0,
    updateRevision: '',
    currentRevision: '',
    conditions: [],
    ...given,
  };
}

/** A pod that no node has taken yet. */
export function newPod(given: Partial<Pod> = {}): Pod {
  const { namespace = 'test', name = 'web-0' } = given;
  return {
    namespace,
    name,
    uid: `Pod-${namespace}-${name}`,
    ownerUid: '',
    revision: '',
    labels: {},
    phase: 'Pending',
    reason: '',
    deleting: false,
    createdAt: new Date(0),
    conditions: [],
    containers: [],
    ...given,
  };
}

function isSame(a: WorkloadReference, b: WorkloadReference): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

import { isDeepStrictEqual } from 'node:util';
import type { NamespaceView, Pod, Workload, WorkloadKind, WorkloadReference } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cluster, ImageChange, LogOptions } from '../../ports/cluster.ts';
import { answerWithinMs, orNone, repeatWithinMs } from './answers.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { retrying } from './backoff.ts';
import { deploymentConfigGroup, requireRollsOut } from './deployment-config.ts';
import { ImageStreams } from './image-stream.ts';
import { Feeding } from './image-stream-feeding.ts';
import type { Operation, WorkloadObject } from './images.ts';
import { conflict, fedImages, imagePatch, inWordsOf, isDone, requireExpected, workloadOf } from './images.ts';
import { watchNamespace } from './namespace-watch.ts';

const resources = {
  Deployment: { group: '/apis/apps/v1', resource: 'deployments' },
  StatefulSet: { group: '/apis/apps/v1', resource: 'statefulsets' },
  DeploymentConfig: { group: deploymentConfigGroup, resource: 'deploymentconfigs' },
} as const satisfies Record<WorkloadKind, object>;

interface Found {
  readonly object: WorkloadObject;
  readonly workload: Workload;
}

export class KubernetesCluster implements Cluster {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #streams: ImageStreams;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#streams = new ImageStreams(client);
  }

  async readWorkload(workload: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    const object = await retrying(this.#clock, repeatWithinMs, signal, () => this.#read(workload, signal));
    return object && workloadOf(workload, object);
  }

  async setImages(
    reference: WorkloadReference,
    change: ImageChange,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<Workload> {
    const feeding = new Feeding(this.#streams, this.#clock, signal);
    try {
      let fed: ImageChange['images'] = {};
      const done = await retrying(this.#clock, repeatWithinMs, signal, async (earlier) => {
        const found = await this.#require(reference, signal);
        const { workload } = found;
        const own = inWordsOf(workload, change);
        if (earlier && earlier.status === undefined && !options.dryRun && isDone(workload, own)) return workload;
        const patch = imagePatch(found.object, workload, own);
        requireExpected(workload, own.expected);
        fed = fedImages(workload, own.images);
        if (Object.keys(fed).length === 0) return this.#patch(found, own, patch, options, signal);
        await feeding.tag(workload, fed, own, options.dryRun);
        return undefined;
      });
      return done ?? (await this.#setFed(reference, change, fed, feeding, options, signal));
    } catch (error) {
      throw signal.aborted ? error : await feeding.undo(error);
    }
  }

  /** The rest of a change whose tags are set. */
  async #setFed(
    reference: WorkloadReference,
    change: ImageChange,
    fed: ImageChange['images'],
    feeding: Feeding,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<Workload> {
    if (options.dryRun) {
      const others = Object.entries(change.images).filter(([name]) => fed[name] === undefined);
      const rest = { ...change, images: Object.fromEntries(others) };
      const workload = await this.setImages(reference, rest, options, signal);
      const containers = workload.containers.map((one) => ({ ...one, image: fed[one.name] ?? one.image }));
      return { ...workload, containers };
    }
    const read = () => retrying(this.#clock, repeatWithinMs, signal, () => this.#require(reference, signal));
    await feeding.arrived(async () => (await read()).workload, fed);
    return this.setImages(reference, { ...change, expected: { ...change.expected, ...fed } }, options, signal);
  }

  async #patch(
    { object, workload }: Found,
    change: ImageChange,
    patch: readonly Operation[],
    { dryRun }: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<Workload> {
    if (workload.kind === 'DeploymentConfig' && Object.keys(change.images).length > 0) requireRollsOut(object);
    const query = { fieldManager: 'fragalysis-actions', ...(dryRun ? { dryRun: 'All' } : {}) };
    try {
      const request = { ...requestOf('patch', workload), query, body: patch };
      return workloadOf(workload, await this.#client.json<WorkloadObject>(request, signal));
    } catch (error) {
      if (error instanceof RemoteError && error.status === 422)
        await this.#requireUnmoved(workload, change, patch, signal);
      throw error;
    }
  }

  watchNamespace(namespace: string, kinds: readonly WorkloadKind[], signal: AbortSignal): AsyncIterable<NamespaceView> {
    return watchNamespace(this.#client, namespace, kinds, this.#clock, signal);
  }

  async deletePod({ namespace, name, uid }: Pod, signal: AbortSignal): Promise<void> {
    const pod = { verb: 'delete', resource: 'pods', namespace, name, group: '/api/v1' } as const;
    const request = { ...pod, body: { preconditions: { uid } }, withinMs: answerWithinMs };
    try {
      await retrying(this.#clock, repeatWithinMs, signal, () => this.#client.text(request, signal));
    } catch (error) {
      // 409: the name is another pod's by now.
      if (!(error instanceof RemoteError) || (error.status !== 404 && error.status !== 409)) throw error;
    }
  }

  async readLog(pod: Pod, container: string, options: LogOptions, signal: AbortSignal): Promise<string> {
    // The limit cuts off the end, which is what tells why a container failed: rather fewer lines, and those whole.
    for (let lines = options.tailLines; ; lines = Math.floor(lines / 2)) {
      const text = await retrying(this.#clock, repeatWithinMs, signal, () =>
        this.#readLog(pod, container, { ...options, tailLines: lines }, signal),
      );
      if (lines <= 1 || Buffer.byteLength(text) < options.limitBytes) return text;
    }
  }

  async #require(reference: WorkloadReference, signal: AbortSignal): Promise<Found> {
    const object = await this.#read(reference, signal);
    if (!object) throw missing(reference);
    return { object, workload: workloadOf(reference, object) };
  }

  async #read(workload: WorkloadReference, signal: AbortSignal): Promise<WorkloadObject | undefined> {
    return orNone(this.#client.json<WorkloadObject>(requestOf('get', workload), signal));
  }

  /** The API server answers a `test` that does not hold with 422, as it does a value that is not allowed. */
  async #requireUnmoved(
    before: Workload,
    change: ImageChange,
    patch: readonly Operation[],
    signal: AbortSignal,
  ): Promise<void> {
    const { object, workload: now } = await this.#require(before, signal);
    requireExpected(now, change.expected);
    const names = (workload: Workload) => workload.containers.map(({ name }) => name).join();
    if (now.uid !== before.uid || names(now) !== names(before)) throw conflict(now, 'it has other containers now');
    // Such as the first annotation of a Deployment, which its controller sets soon after it was made.
    if (!isDeepStrictEqual(imagePatch(object, now, change), patch))
      throw conflict(now, 'it has other annotations now', { retryable: true });
  }

  async #readLog(pod: Pod, container: string, options: LogOptions, signal: AbortSignal): Promise<string> {
    const { previous, tailLines, limitBytes } = options;
    const query = {
      container,
      previous: String(previous),
      tailLines: String(tailLines),
      limitBytes: String(limitBytes),
    };
    try {
      const { namespace, name } = pod;
      const request = { verb: 'get', resource: 'pods/log', namespace, name, group: '/api/v1' } as const;
      const text = await this.#client.text({ ...request, query, withinMs: answerWithinMs }, signal);
      // The kubelet's words, with status 200, for a log whose file is gone.
      return text.startsWith('unable to retrieve container logs for ') ? '' : text;
    } catch (error) {
      // 400: not started yet, or no previous one; 404: the pod is gone.
      if (error instanceof RemoteError && (error.status === 400 || error.status === 404)) return '';
      throw error;
    }
  }
}

function requestOf(verb: 'get' | 'patch', { kind, namespace, name }: WorkloadReference): ApiRequest {
  return { verb, ...resources[kind], namespace, name, withinMs: answerWithinMs };
}

function missing(workload: WorkloadReference): RemoteError {
  return new RemoteError('cluster', `${describeWorkload(workload)} does not exist`, {
    status: 404,
    retryable: false,
    hint: 'Check kind, name and namespace in delivery.yaml.',
  });
}

import { isDeepStrictEqual } from 'node:util';
import type { NamespaceView, Pod, Workload, WorkloadKind, WorkloadReference } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cluster, ImageChange, LogOptions } from '../../ports/cluster.ts';
import { answerWithinMs, orNone, repeatWithinMs } from './answers.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { retrying } from './backoff.ts';
import type { Operation, WorkloadObject } from './images.ts';
import { conflict, imagePatch, isDone, requireExpected } from './images.ts';
import { toWorkload } from './map.ts';
import { watchNamespace } from './namespace-watch.ts';

const resources = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const satisfies Record<
  WorkloadKind,
  string
>;
export class KubernetesCluster implements Cluster {
  readonly #client: ApiClient;
  readonly #clock: Clock;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async readWorkload(workload: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    const object = await retrying(this.#clock, repeatWithinMs, signal, () => this.#read(workload, signal));
    return object && toWorkload(workload.kind, object);
  }

  async setImages(
    reference: WorkloadReference,
    change: ImageChange,
    { dryRun }: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<Workload> {
    return retrying(this.#clock, repeatWithinMs, signal, async (earlier) => {
      const object = await this.#read(reference, signal);
      if (!object) throw missing(reference);
      const workload = toWorkload(reference.kind, object);
      if (earlier && earlier.status === undefined && !dryRun && isDone(workload, change)) return workload;
      const patch = imagePatch(object, workload, change);
      requireExpected(workload, change.expected);
      const query = { fieldManager: 'fragalysis-actions', ...(dryRun ? { dryRun: 'All' } : {}) };
      try {
        const request = { ...requestOf('patch', reference), query, body: patch };
        return toWorkload(reference.kind, await this.#client.json<WorkloadObject>(request, signal));
      } catch (error) {
        if (error instanceof RemoteError && error.status === 422)
          await this.#requireUnmoved(workload, change, patch, signal);
        throw error;
      }
    });
  }

  watchNamespace(namespace: string, signal: AbortSignal): AsyncIterable<NamespaceView> {
    return watchNamespace(this.#client, namespace, this.#clock, signal);
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
    const object = await this.#read(before, signal);
    if (!object) throw missing(before);
    const now = toWorkload(before.kind, object);
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
  return { verb, resource: resources[kind], namespace, name, group: '/apis/apps/v1', withinMs: answerWithinMs };
}

function missing(workload: WorkloadReference): RemoteError {
  return new RemoteError('cluster', `${describeWorkload(workload)} does not exist`, {
    status: 404,
    retryable: false,
    hint: 'Check kind, name and namespace in delivery.yaml.',
  });
}

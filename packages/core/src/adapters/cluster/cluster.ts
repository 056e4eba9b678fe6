import type { NamespaceView, Pod, Workload, WorkloadKind, WorkloadReference } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Cluster, ImageChange, LogOptions, SetOptions } from '../../ports/cluster.ts';
import { answerWithinMs, repeatWithinMs } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import { retrying } from './backoff.ts';
import { watchNamespace } from './namespace-watch.ts';
import { Workloads } from './workloads.ts';

export class KubernetesCluster implements Cluster {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #workloads: Workloads;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#workloads = new Workloads(client, clock);
  }

  async readWorkload(workload: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    return this.#workloads.read(workload, signal);
  }

  async setImages(
    workload: WorkloadReference,
    change: ImageChange,
    options: SetOptions,
    signal: AbortSignal,
  ): Promise<Workload> {
    return this.#workloads.setImages(workload, change, options, signal);
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

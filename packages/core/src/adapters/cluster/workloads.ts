import { isDeepStrictEqual } from 'node:util';
import type { Workload, WorkloadKind, WorkloadReference } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { isRefusal, RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageChange, SetOptions } from '../../ports/cluster.ts';
import { answerWithinMs, orNone, repeatWithinMs } from './answers.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { retrying } from './backoff.ts';
import { deploymentConfigGroup, requireRollsOut } from './deployment-config.ts';
import { ImageStreams } from './image-stream.ts';
import { Feeding } from './image-stream-feeding.ts';
import type { Operation, WorkloadObject } from './images.ts';
import { conflict, fedImages, imagePatch, inWordsOf, isDone, requireExpected, workloadOf } from './images.ts';

const resources = {
  Deployment: { group: '/apis/apps/v1', resource: 'deployments' },
  StatefulSet: { group: '/apis/apps/v1', resource: 'statefulsets' },
  DeploymentConfig: { group: deploymentConfigGroup, resource: 'deploymentconfigs' },
} as const satisfies Record<WorkloadKind, object>;

interface Found {
  readonly object: WorkloadObject;
  readonly workload: Workload;
}

/** Reads workloads and sets their images. */
export class Workloads {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #streams: ImageStreams;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#streams = new ImageStreams(client);
  }

  async read(workload: WorkloadReference, signal: AbortSignal): Promise<Workload | undefined> {
    const object = await retrying(this.#clock, repeatWithinMs, signal, () => this.#read(workload, signal));
    return object && workloadOf(workload, object);
  }

  async setImages(
    reference: WorkloadReference,
    change: ImageChange,
    options: SetOptions,
    signal: AbortSignal,
  ): Promise<Workload> {
    const feeding = new Feeding(this.#streams, this.#clock, signal);
    let fed: ImageChange['images'] = {};
    let mayBeDone = false;
    const attempt = async () => {
      const found = await this.#require(reference, signal);
      const { workload } = found;
      const own = inWordsOf(workload, change);
      if (mayBeDone && isDone(workload, own)) return workload;
      const patch = imagePatch(found.object, workload, own);
      requireExpected(workload, own.expected);
      fed = fedImages(workload, own.images);
      if (Object.keys(fed).length === 0) {
        return this.#patch(found, own, patch, options, signal).catch((error: unknown) => {
          mayBeDone ||= !options.dryRun && !isRefusal(error);
          throw error;
        });
      }
      await feeding.tag(workload, fed, own, options.dryRun);
      return undefined;
    };
    try {
      const done = await retrying(this.#clock, repeatWithinMs, signal, attempt).catch(async (error: unknown) => {
        const last = mayBeDone ? await this.#lastLook(reference, change, signal) : undefined;
        signal.throwIfAborted();
        if (!last) throw error;
        return last;
      });
      return done ?? (await this.#setFed(reference, change, fed, feeding, options, signal));
    } catch (error) {
      throw signal.aborted ? error : await feeding.undo(error, options.keepTags === true);
    }
  }

  /** The workload if the change is there after all: one request may have taken all the time that there is for repeating it. */
  async #lastLook(
    reference: WorkloadReference,
    change: ImageChange,
    signal: AbortSignal,
  ): Promise<Workload | undefined> {
    const found = await this.#require(reference, signal).catch(() => undefined);
    return found && isDone(found.workload, inWordsOf(found.workload, change)) ? found.workload : undefined;
  }

  /** The rest of a change whose tags are set. */
  async #setFed(
    reference: WorkloadReference,
    change: ImageChange,
    fed: ImageChange['images'],
    feeding: Feeding,
    options: SetOptions,
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

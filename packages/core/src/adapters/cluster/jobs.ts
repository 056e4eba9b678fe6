import type { V1CronJob, V1Job } from '@kubernetes/client-node';
import type { CronJob, Job, JobsView, NewJob } from '../../domain/job.ts';
import type { ClusterEvent, Pod } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerRun, Jobs } from '../../ports/jobs.ts';
import { answerWithinMs, orNone, repeatWithinMs } from './answers.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { retrying } from './backoff.ts';
import type { AnyObject, Collection } from './follow.ts';
import { jobBody } from './job-body.ts';
import type { JobsVersion } from './jobs-watch.ts';
import { jobsOf, podsOfJobs, watchJobs } from './jobs-watch.ts';
import type { Wire } from './map.ts';
import { toEvent, toPod } from './map.ts';
import { toCronJob, toJob } from './map-jobs.ts';
import { newest } from './namespace-watch.ts';
import { followLog } from './pod-log.ts';

interface List<Item> {
  readonly items: readonly Item[];
  readonly version: string;
}

export class KubernetesJobs implements Jobs {
  readonly #client: ApiClient;
  readonly #clock: Clock;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async readCronJob(namespace: string, name: string, signal: AbortSignal): Promise<CronJob | undefined> {
    const request = { ...batch('get', 'cronjobs', namespace), name };
    const object = await orNone(this.#ask<Wire<V1CronJob>>(request, signal));
    return object && toCronJob(object);
  }

  async list(namespace: string, signal: AbortSignal): Promise<JobsView> {
    const [jobs, pods] = await Promise.all([
      this.#list(jobsOf(namespace), toJob, signal),
      this.#list(podsOfJobs(namespace), toPod, signal),
    ]);
    const version: JobsVersion = { jobs: jobs.version, pods: pods.version };
    return { namespace, jobs: jobs.items, pods: pods.items, version };
  }

  watch(view: JobsView, { only }: { only?: 'pods' }, signal: AbortSignal): AsyncIterable<JobsView> {
    return watchJobs(this.#client, view, only, this.#clock, signal);
  }

  async create(cronJob: CronJob, job: NewJob, { dryRun }: { dryRun: boolean }, signal: AbortSignal): Promise<Job> {
    const query = { fieldManager: 'fragalysis-actions', ...(dryRun ? { dryRun: 'All' } : {}) };
    const request = { ...batch('create', 'jobs', cronJob.namespace), query, body: jobBody(cronJob, job) };
    return toJob(await this.#ask<Wire<V1Job>>(request, signal));
  }

  async remove(job: Job, { unchanged }: { unchanged: boolean }, signal: AbortSignal): Promise<boolean> {
    const { namespace, name, uid, resourceVersion } = job;
    const preconditions = { uid, ...(unchanged ? { resourceVersion } : {}) };
    const body = { propagationPolicy: 'Background', preconditions };
    const request = { ...batch('delete', 'jobs', namespace), name, body };
    try {
      await retrying(this.#clock, repeatWithinMs, signal, () => this.#client.text(request, signal));
      return true;
    } catch (error) {
      if (!(error instanceof RemoteError) || (error.status !== 404 && error.status !== 409)) throw error;
      if (error.status === 404 || !unchanged) return true;
      // Which of the two preconditions did not hold is not told; it may also be our own deletion, whose answer was lost.
      const named = { ...jobsOf(namespace), query: { fieldSelector: `metadata.name=${name}` } };
      const { items } = await this.#list(named, toJob, signal);
      return items.every((now) => now.uid !== uid || now.deleting);
    }
  }

  async listEvents(namespace: string, signal: AbortSignal): Promise<readonly ClusterEvent[]> {
    const { items } = await this.#list({ group: '/api/v1', resource: 'events', namespace }, toEvent, signal);
    return newest(items);
  }

  async followLog(
    run: ContainerRun,
    take: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<'complete' | 'gone'> {
    const { namespace, name } = run.pod;
    const pod: ApiRequest = {
      verb: 'get',
      group: '/api/v1',
      resource: 'pods',
      namespace,
      name,
      withinMs: answerWithinMs,
    };
    const readPod = async (): Promise<Pod | undefined> => {
      const object = await orNone(this.#client.json<Parameters<typeof toPod>[0]>(pod, signal));
      return object && toPod(object);
    };
    return followLog(this.#client, { run, readPod, take }, this.#clock, signal);
  }

  async #list<Item>(collection: Collection, map: (object: never) => Item, signal: AbortSignal): Promise<List<Item>> {
    const request: ApiRequest = { ...collection, verb: 'list', withinMs: answerWithinMs };
    type Answer = { items?: readonly AnyObject[] | null; metadata?: { resourceVersion?: string } };
    const { items, metadata } = await this.#ask<Answer>(request, signal);
    return { items: (items ?? []).map((object) => map(object as never)), version: metadata?.resourceVersion ?? '' };
  }

  async #ask<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    return retrying(this.#clock, repeatWithinMs, signal, () => this.#client.json<T>(request, signal));
  }
}

function batch(verb: ApiRequest['verb'], resource: string, namespace: string): ApiRequest {
  return { verb, group: '/apis/batch/v1', resource, namespace, withinMs: answerWithinMs };
}

import type { JobsView } from '../../domain/job.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient } from './api-client.ts';
import { Bell } from './bell.ts';
import type { Collection } from './follow.ts';
import { toPod } from './map.ts';
import { toJob } from './map-jobs.ts';
import { Shelf } from './shelf.ts';
import { shelfViews } from './shelf-views.ts';

/** What JobsView.version is: the resourceVersion of each collection. */
export interface JobsVersion {
  readonly jobs: string;
  readonly pods: string;
}

export function jobsOf(namespace: string): Collection {
  return { group: '/apis/batch/v1', resource: 'jobs', namespace };
}

/** By the label that every version of Kubernetes sets, not by its newer twin `batch.kubernetes.io/job-name`. */
export function podsOfJobs(namespace: string): Collection {
  return { group: '/api/v1', resource: 'pods', namespace, query: { labelSelector: 'job-name' } };
}

/** See Jobs.watch. */
export function watchJobs(
  client: ApiClient,
  view: JobsView,
  only: 'pods' | undefined,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<JobsView, never, undefined> {
  const { namespace } = view;
  const version = view.version as JobsVersion;
  const bell = new Bell();
  const jobs = new Shelf(jobsOf(namespace), bell, toJob);
  const pods = new Shelf(podsOfJobs(namespace), bell, toPod);
  jobs.fill(view.jobs, version.jobs);
  pods.fill(view.pods, version.pods);
  const next = (): JobsView => ({
    namespace,
    jobs: jobs.items(),
    pods: pods.items(),
    version: { jobs: jobs.version, pods: pods.version } satisfies JobsVersion,
  });
  return shelfViews(client, { shelves: only ? [pods] : [jobs, pods], bell }, next, clock, signal);
}

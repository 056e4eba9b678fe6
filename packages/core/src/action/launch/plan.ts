import { runAnnotation } from '../own-job.ts';
import type { ResolvedBuild } from '../resolve-build.ts';
import type { RunContext } from '../run-context.ts';
import { runUrl } from '../run-context.ts';
import { revisionLabel } from '../../domain/build.ts';
import { dataOriginLabel } from '../../domain/data-directory.ts';
import type { CronJob, Job, JobsView, NewJob } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import type { ProjectJob } from '../../domain/topology.ts';
import type { Running } from './standing.ts';
import { cronJobLabel, endOf, isOfLoader, jobNameOf, standingOf } from './standing.ts';

/** Labels and annotations of the Jobs that are launched; docs/launch-loader.md has the table. */
export const marks = {
  build: 'delivery.actions/build',
  commit: 'delivery.actions/commit',
  dataOrigin: 'delivery.actions/data-origin',
  runId: 'delivery.actions/run-id',
  attempt: 'delivery.actions/run-attempt',
  digest: 'delivery.actions/digest',
  run: runAnnotation,
} as const;

export type Plan =
  /** `containers` run the image. */
  | {
      readonly do: 'launch';
      readonly remove: readonly Job[];
      readonly job: NewJob;
      readonly containers: readonly string[];
    }
  /** A Job that this very run has made. */
  | { readonly do: 'adopt'; readonly job: Job; readonly containers: readonly string[] }
  | { readonly do: 'blocked'; readonly running: readonly Running[] }
  | { readonly do: 'refuse'; readonly reason: string; readonly next: string };

export interface Wanted {
  readonly build: Pick<ResolvedBuild, 'digest' | 'number' | 'labels'>;
  /** `repository@sha256:…` */
  readonly reference: string;
  readonly job: ProjectJob;
  readonly run: RunContext;
}

/** Decides what to do in one project from what is there. */
export function planLaunch(wanted: Wanted, cronJob: CronJob, view: JobsView): Plan {
  const containers = containersOf(wanted.job, cronJob);
  if (typeof containers === 'string') {
    const next = 'Correct `jobs` of this project in delivery.yaml, or the CronJob. Nothing was changed.';
    return { do: 'refuse', reason: containers, next };
  }
  const own = view.jobs.find((job) => isOfLoader(job, cronJob) && isOwn(job, wanted));
  if (own) return { do: 'adopt', job: own, containers };
  const taken = view.jobs.find((job) => job.name === jobNameOf(cronJob) && !isOfLoader(job, cronJob));
  if (taken) {
    const reason = `${describeJob(taken)} has the name of the loader's Jobs and was not made from CronJob ${cronJob.name}`;
    return { do: 'refuse', reason, next: 'Look what it is; remove it once it has ended. It was left alone.' };
  }
  const { running, finished } = standingOf(view, cronJob);
  if (running.length > 0) return { do: 'blocked', running };
  return { do: 'launch', remove: finished, job: newJob(wanted, cronJob, containers), containers };
}

/**
 * A Job of the same attempt, whatever has become of it; of an earlier attempt of the run only while it has not ended: a re-run
 * after a failure launches again.
 */
function isOwn(job: Job, { run, build }: Wanted): boolean {
  const { labels, annotations } = job;
  if (job.deleting || annotations[marks.run] !== runUrl(run) || annotations[marks.digest] !== build.digest)
    return false;
  return labels[marks.attempt] === String(run.runAttempt) || endOf(job) === undefined;
}

/** The containers that run the image, or why this cannot be launched. */
function containersOf({ containers }: ProjectJob, cronJob: CronJob): readonly string[] | string {
  const there = cronJob.containers.map(({ name, init }) => (init ? `${name} (init)` : name)).join(', ');
  const where = `CronJob ${cronJob.namespace}/${cronJob.name}`;
  // Whether all of them have loaded cannot be told from one log and one message.
  if (cronJob.podsPerJob > 1)
    return `${where} asks for ${cronJob.podsPerJob} pods: completions and parallelism have to be 1`;
  if (containers) {
    const names = cronJob.containers.map(({ name }) => name);
    const missing = containers.filter((name) => !names.includes(name));
    return missing.length === 0 ? containers : `${where} has no container ${missing.join(', ')}, it has: ${there}`;
  }
  const [only, ...more] = cronJob.containers.filter(({ init }) => !init);
  if (only && more.length === 0) return [only.name];
  return `${where} has several containers, and delivery.yaml does not say which runs the image; it has: ${there}`;
}

function newJob({ build, reference, run }: Wanted, cronJob: CronJob, containers: readonly string[]): NewJob {
  const labels = {
    [cronJobLabel]: cronJob.name,
    [marks.build]: build.number === undefined ? '' : String(build.number),
    [marks.commit]: build.labels[revisionLabel] ?? '',
    [marks.dataOrigin]: build.labels[dataOriginLabel] ?? '',
    [marks.runId]: String(run.runId),
    [marks.attempt]: String(run.runAttempt),
  };
  return {
    name: jobNameOf(cronJob),
    images: Object.fromEntries(containers.map((name) => [name, reference])),
    labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => isLabelValue(value))),
    annotations: { [marks.digest]: build.digest, [marks.run]: runUrl(run) },
  };
}

/** kubernetes.io, "Labels and Selectors": what an image says of itself may be anything. */
function isLabelValue(value: string): boolean {
  return /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(value);
}

import { runAnnotation } from '../own-job.ts';
import { runUrl } from '../run-context.ts';
import type { CronJob, Job, JobsView, NewJob } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import type { Running } from './standing.ts';
import { cronJobLabel, endOf, isMadeFrom, jobNameOf, standingOf } from './standing.ts';
import type { Task, Wanted } from './task.ts';

/** Labels and annotations of the Jobs that are launched; docs/launch-loader.md and docs/db-backup.md have the tables. */
export const marks = {
  build: 'delivery.actions/build',
  commit: 'delivery.actions/commit',
  dataOrigin: 'delivery.actions/data-origin',
  runId: 'delivery.actions/run-id',
  attempt: 'delivery.actions/run-attempt',
  digest: 'delivery.actions/digest',
  asked: 'delivery.actions/asked',
  run: runAnnotation,
} as const;

export type Plan =
  /** `containers` run what is launched. */
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

/** Decides what to do in one project from what is there. */
export function planLaunch({ wanted, words }: Task, cronJob: CronJob, view: JobsView): Plan {
  const containers = containersOf(wanted, cronJob);
  if (typeof containers === 'string') {
    const next = `Correct \`${words.field}\` of this project in delivery.yaml, or the CronJob. Nothing was changed.`;
    return { do: 'refuse', reason: containers, next };
  }
  const own = view.jobs.find((job) => isMadeFrom(job, cronJob) && isOwn(job, wanted));
  if (own) return { do: 'adopt', job: own, containers };
  const taken = view.jobs.find((job) => job.name === jobNameOf(cronJob) && !isMadeFrom(job, cronJob));
  if (taken) {
    const reason = `${describeJob(taken)} has the name of the ${words.name}'s Jobs and was not made from CronJob ${cronJob.name}`;
    return { do: 'refuse', reason, next: 'Look what it is; remove it once it has ended. It was left alone.' };
  }
  const { running, finished } = standingOf(view, cronJob);
  if (running.length > 0) return { do: 'blocked', running };
  const remove = finished.filter(({ name }) => wanted.removes === 'all' || name === jobNameOf(cronJob));
  return { do: 'launch', remove, job: newJob(wanted, cronJob, containers), containers };
}

/**
 * A Job of the same attempt, where one that has ended counts too if the task says so; of an earlier attempt of the run only while it
 * has not ended: a re-run after a failure launches again.
 */
function isOwn(job: Job, { run, identity, adoptsEnded }: Wanted): boolean {
  const { labels, annotations } = job;
  const isSame = Object.entries({ ...identity, [marks.run]: runUrl(run) }).every(
    ([key, value]) => annotations[key] === value,
  );
  if (job.deleting || !isSame) return false;
  return (adoptsEnded && labels[marks.attempt] === String(run.runAttempt)) || endOf(job) === undefined;
}

/** The containers that run it, or why this cannot be launched. */
function containersOf({ containers }: Wanted, cronJob: CronJob): readonly string[] | string {
  const there = cronJob.containers.map(({ name, init }) => (init ? `${name} (init)` : name)).join(', ');
  const where = `CronJob ${cronJob.namespace}/${cronJob.name}`;
  // Whether all of them have succeeded cannot be told from one log and one message.
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

function newJob({ image, env, run, ...wanted }: Wanted, cronJob: CronJob, containers: readonly string[]): NewJob {
  const labels = {
    [cronJobLabel]: cronJob.name,
    ...wanted.labels,
    [marks.runId]: String(run.runId),
    [marks.attempt]: String(run.runAttempt),
  };
  const each = <Value>(value: Value) => Object.fromEntries(containers.map((name) => [name, value]));
  return {
    name: jobNameOf(cronJob),
    images: image === undefined ? {} : each(image),
    ...(Object.keys(env).length > 0 && { env: each(env) }),
    labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => isLabelValue(value))),
    annotations: { ...wanted.identity, [marks.run]: runUrl(run) },
  };
}

/** kubernetes.io, "Labels and Selectors": what an image says of itself may be anything. */
function isLabelValue(value: string): boolean {
  return /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(value);
}

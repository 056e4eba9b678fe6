import type { ActionContext } from '@delivery/core/action/context';
import { cleanUpMs, listInTime, removeOwn, runAnnotation } from '@delivery/core/action/own-job';
import { oneLine } from '@delivery/core/domain/printable';
import { runUrl } from '@delivery/core/action/run-context';
import { within } from '@delivery/core/action/within';
import type { DataDirectory } from '@delivery/core/domain/data-directory';
import { maxListingLines, parseDataListing } from '@delivery/core/domain/data-listing';
import type { CronJob, Job } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import { ActionError, RemoteError, TimeoutError } from '@delivery/core/errors/errors';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Ended, Seen } from './pod.ts';
import { endOf } from './pod.ts';

/** Where the suspended CronJob is that lists the data. */
export interface Place {
  readonly namespace: string;
  readonly cronJob: string;
}

const maxNameLength = 63;

/** Runs a Job made from the CronJob, reads what it prints, and removes it, however this ends. */
export async function lookThroughCluster(
  { namespace, cronJob: name }: Place,
  jobs: Jobs,
  timeoutMs: number,
  context: ActionContext,
): Promise<readonly DataDirectory[]> {
  const cronJob = await jobs.readCronJob(namespace, name, context.signal);
  if (!cronJob) {
    const message = `namespace ${namespace} has no CronJob ${name}, which lists the data`;
    throw new ActionError('cronjob-missing', message, { hint: 'docs/detect-data.md shows one.' });
  }
  const job = await create(cronJob, jobs, context);
  context.log.info(`${describeJob(job)} looks for data.`);
  try {
    return await readListing(cronJob, job, jobs, timeoutMs, context);
  } finally {
    await remove(job, jobs, context);
  }
}

async function create(cronJob: CronJob, jobs: Jobs, context: ActionContext): Promise<Job> {
  const { run, signal } = context;
  const name = jobName(cronJob.name, `-${run.runId}-${run.runAttempt}`);
  const annotations = { [runAnnotation]: runUrl(run) };
  try {
    return await jobs.create(cronJob, { name, images: {}, labels: {}, annotations }, { dryRun: false }, signal);
  } catch (error) {
    // An answer that was lost or not waited for: the Job may be there, and would be left behind.
    const unsure = error instanceof RemoteError && (error.retryable || error.status === 409);
    if (!signal.aborted && !unsure) throw error;
    const there = await findOwn(cronJob, name, annotations, jobs, context);
    if (there && !signal.aborted) return there;
    if (there) await remove(there, jobs, context);
    throw error;
  }
}

/** What is cut off may leave a hyphen or dot at the end, after which a name may not go on. */
function jobName(cronJob: string, end: string): string {
  return cronJob.slice(0, maxNameLength - end.length).replace(/[-.]+$/, '') + end;
}

async function findOwn(
  cronJob: CronJob,
  name: string,
  annotations: Readonly<Record<string, string>>,
  jobs: Jobs,
  { clock }: ActionContext,
): Promise<Job | undefined> {
  const all = await listInTime(cronJob.namespace, jobs, clock);
  const found = all.find((job) => job.name === name && job.ownerUid === cronJob.uid);
  return found?.annotations[runAnnotation] === annotations[runAnnotation] ? found : undefined;
}

async function readListing(
  cronJob: CronJob,
  job: Job,
  jobs: Jobs,
  timeoutMs: number,
  context: ActionContext,
): Promise<readonly DataDirectory[]> {
  const seen: Seen = { last: 'it has no pod yet' };
  const lines = await within(
    timeoutMs,
    context,
    async (signal) => readLines(job, await ended(cronJob, job, jobs, seen, signal), jobs, signal),
    undefined,
  );
  if (!lines) {
    const why = await newestWarning(job, jobs, context);
    throw new TimeoutError(`the end of ${describeJob(job)}`, timeoutMs, `${seen.last}${why}`);
  }
  const listing = parseDataListing(lines);
  if ('directories' in listing) return listing.directories;
  throw new ActionError('data-listing', `what ${describeJob(job)} printed ${listing.problem}`, {
    hint: 'Its CronJob has to print what docs/detect-data.md says, and nothing else.',
  });
}

async function ended(cronJob: CronJob, job: Job, jobs: Jobs, seen: Seen, signal: AbortSignal): Promise<Ended> {
  const [container, ...more] = cronJob.containers.filter(({ init }) => !init);
  if (!container || more.length > 0) {
    const names = cronJob.containers.map(({ name }) => name).join(', ');
    throw new ActionError('cronjob-form', `CronJob ${cronJob.name} has to have one container, it has: ${names}`);
  }
  const first = await jobs.list(job.namespace, signal);
  const at = endOf(job, container.name, first, seen);
  if (at) return at;
  for await (const view of jobs.watch(first, { only: 'pods' }, signal)) {
    const end = endOf(job, container.name, view, seen);
    if (end) return end;
  }
  throw new TypeError('a watch ended by itself');
}

async function readLines(job: Job, end: Ended, jobs: Jobs, signal: AbortSignal): Promise<readonly string[]> {
  const lines: string[] = [];
  // One more than is right shows that there were too many; the rest is not kept.
  const take = (more: readonly string[]) => void lines.push(...more.slice(0, maxListingLines + 1 - lines.length));
  const read = await jobs.followLog(end.run, take, signal);
  if (end.exitCode !== 0) {
    const said = oneLine(lines.slice(-3).join(' | '), 200);
    throw new ActionError('data-look', `${describeJob(job)} ended with exit code ${end.exitCode}: ${said}`);
  }
  if (read === 'gone')
    throw new ActionError('data-look', `the log of ${describeJob(job)} was gone before it was read: run it again`);
  return lines;
}

/** What the cluster says of the Job and its pods; a volume that cannot be mounted shows nowhere else. */
async function newestWarning(job: Job, jobs: Jobs, context: ActionContext): Promise<string> {
  try {
    const events = await within(cleanUpMs, context, (signal) => jobs.listEvents(job.namespace, signal), []);
    const ours = events.filter(({ type, object }) => type === 'Warning' && isOf(object.name, job.name));
    const newest = ours.at(-1);
    return newest ? `; ${newest.reason}: ${oneLine(newest.message, 300)}` : '';
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return '';
  }
}

function isOf(object: string, job: string): boolean {
  return object === job || object.startsWith(`${job}-`);
}

/** Also after a cancel. That it could not be removed does not undo what was read. */
async function remove(job: Job, jobs: Jobs, { clock, log }: ActionContext): Promise<void> {
  const trouble = await removeOwn(job, jobs, clock);
  if (trouble !== undefined) log.warning(`${trouble}.`);
}

import type { Job } from '../domain/job.ts';
import { describeJob } from '../domain/job.ts';
import { RemoteError } from '../errors/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Jobs } from '../ports/jobs.ts';
import { within } from './within.ts';

/** Annotation that says of a Job which run made it: the address of the run. */
export const runAnnotation = 'delivery.actions/run';

/** Shorter than the runner gives to a step that was cancelled. */
export const cleanUpMs = 3_000;

/**
 * Deletes a Job of this run in a time of its own, since the run may be cancelled already. Undefined when it is gone or going;
 * else why it is not, as a sentence that says what to do.
 */
export async function removeOwn(job: Job, jobs: Jobs, clock: Clock): Promise<string | undefined> {
  const { signal } = new AbortController();
  const byHand = `remove it by hand: kubectl -n ${job.namespace} delete job ${job.name}`;
  try {
    const act = async (own: AbortSignal) => jobs.remove(job, { unchanged: false }, own);
    if (await within(cleanUpMs, { clock, signal }, act, false)) return undefined;
    return `${describeJob(job)} was not removed in time; ${byHand}`;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return `${describeJob(job)} was not removed: ${error.message}; ${byHand}`;
  }
}

/** The Jobs of a namespace, asked for in a time of its own; none when they cannot be had. */
export async function listInTime(namespace: string, jobs: Jobs, clock: Clock): Promise<readonly Job[]> {
  const { signal } = new AbortController();
  const act = async (own: AbortSignal) => (await jobs.list(namespace, own)).jobs;
  try {
    return await within(cleanUpMs, { clock, signal }, act, []);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return [];
  }
}

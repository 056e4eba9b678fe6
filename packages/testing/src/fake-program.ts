import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { Job, NewJob } from '@delivery/core/domain/job';
import type { FakeJobs } from './fake-jobs.ts';
import type { ProgramRun } from './program-run.ts';
import { beginProgram, endProgram, runOf } from './program-run.ts';

/** Variables that the Job's container got from whoever made it. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The program of packages/backup, to be what happens when a Job of a FakeJobs is made (`onCreate`): it does what `conduct` says;
 * `runs`: it goes on.
 */
export function programIn(
  jobs: FakeJobs,
  conduct: (variables: Variables, job: Job) => ProgramReport | ProgramRun | 'runs',
): (job: Job) => void {
  return (job) => {
    const made = jobs.creations.at(-1);
    const container = made?.cronJob.containers[0]?.name ?? '';
    const run = conduct(variablesOf(made?.job, container), job);
    if (run === 'runs') beginProgram(jobs, job, [], container);
    else endProgram(jobs, job, 'command' in run ? runOf(run) : run, container);
  };
}

/** What the Jobs that were made got, in the order in which they were made. */
export function variablesOfJobs(jobs: FakeJobs): Variables[] {
  return jobs.creations.map(({ cronJob, job }) => variablesOf(job, cronJob.containers[0]?.name ?? ''));
}

function variablesOf(job: NewJob | undefined, container: string): Variables {
  return job?.env?.[container] ?? {};
}

import { digestOf } from '@delivery/core/domain/digest';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { Job, NewJob } from '@delivery/core/domain/job';
import type { ContainerState, ContainerStatus } from '@delivery/core/domain/workload';
import { newPod } from './fake-cluster.ts';
import type { FakeJobs } from './fake-jobs.ts';

/** Variables that the Job's container got from whoever made it. */
export type Variables = Readonly<Record<string, string>>;

/** How a run of the program ends. */
export interface ProgramRun {
  readonly exitCode: number;
  readonly lines: readonly string[];
  /** Its termination message. */
  readonly message: string;
}

/** The run that prints this report, as packages/backup does it: docs/backups.md. */
export function runWith(report: ProgramReport): ProgramRun {
  const lines = [...report.steps.map(({ name, said }) => `${name}: ${said}`), ...reportLines(report)];
  return { exitCode: report.verdict === 'failed' ? 1 : 0, lines, message: terminationMessage(report, sha256hex) };
}

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
    if (run === 'runs') putPod(jobs, job, container, { is: 'running', startedAt: new Date(0) });
    else endProgram(jobs, job, container, 'command' in run ? runWith(run) : run);
  };
}

/** Ends a Job that was left running. */
export function endProgram(jobs: FakeJobs, job: Job, container: string, run: ProgramRun): void {
  const { exitCode, message, lines } = run;
  jobs.logs.set(`${podName(job)}/${container}/0`, lines);
  const end = { exitCode, message, signal: 0, reason: '', finishedAt: new Date(0) };
  putPod(jobs, job, container, { is: 'terminated', ...end });
  const type = exitCode === 0 ? 'Complete' : 'Failed';
  jobs.putJob({ ...job, conditions: [{ type, status: 'True', reason: '', message: '' }] });
}

/** What the Jobs that were made got, in the order in which they were made; dry runs are left out. */
export function variablesOfJobs(jobs: FakeJobs): Variables[] {
  const made = jobs.creations.filter(({ dryRun }) => !dryRun);
  return made.map(({ cronJob, job }) => variablesOf(job, cronJob.containers[0]?.name ?? ''));
}

function variablesOf(job: NewJob | undefined, container: string): Variables {
  return job?.env?.[container] ?? {};
}

function putPod(jobs: FakeJobs, job: Job, container: string, state: ContainerState): void {
  const { namespace, name, uid } = job;
  const status: ContainerStatus = {
    ...{ name: container, init: false, image: container, ready: state.is === 'running' },
    ...{ restarts: 0, state, last: undefined },
  };
  const phase = state.is !== 'terminated' ? 'Running' : state.exitCode === 0 ? 'Succeeded' : 'Failed';
  const pod = newPod({ namespace, name: podName(job), uid: `pod of ${uid}`, ownerUid: uid, phase });
  jobs.putPod({ ...pod, labels: { 'job-name': name }, containers: [status] });
}

function podName(job: Job): string {
  return `${job.name}-${job.uid.slice(-5)}`;
}

function sha256hex(text: string): string {
  return digestOf(new TextEncoder().encode(text)).replace('sha256:', '');
}

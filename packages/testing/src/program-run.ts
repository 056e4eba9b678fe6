import { createHash } from 'node:crypto';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { Job } from '@delivery/core/domain/job';
import type { ContainerState } from '@delivery/core/domain/workload';
import { newPod } from './fake-cluster.ts';
import type { FakeJobs } from './fake-jobs.ts';

/** What a run of the program leaves; what is not given is as it is when all goes well. */
export interface ProgramRun {
  readonly lines: readonly string[];
  readonly message: string;
  readonly exitCode: number;
  /** Of the container's end. */
  readonly reason: string;
}

/** What the program of packages/backup leaves when it reports, with a line for people before. */
export function runOf(report: ProgramReport): ProgramRun {
  const sha256hex = (text: string) => createHash('sha256').update(text).digest('hex');
  const isBad = report.verdict === 'failed';
  return {
    lines: ['the program begins', ...reportLines(report)],
    message: terminationMessage(report, sha256hex),
    ...(isBad ? { exitCode: 1, reason: 'Error' } : { exitCode: 0, reason: 'Completed' }),
  };
}

/** Lets a Job begin: its pod runs and prints. */
export function beginProgram(jobs: FakeJobs, job: Job, lines: readonly string[] = []): void {
  jobs.addLines(`${podOf(job)}/program/0`, ...lines);
  putProgramPod(jobs, job, 'Running', { is: 'running', startedAt: new Date(0) });
}

/** Lets a Job end as the kubelet and the Job controller do it. */
export function endProgram(jobs: FakeJobs, job: Job, { lines, message, exitCode, reason }: ProgramRun): void {
  jobs.addLines(`${podOf(job)}/program/0`, ...lines);
  const state = { is: 'terminated', signal: 0, finishedAt: new Date(0), exitCode, reason, message } as const;
  putProgramPod(jobs, job, exitCode === 0 ? 'Succeeded' : 'Failed', state);
  const type = exitCode === 0 ? 'Complete' : 'Failed';
  jobs.putJob({ ...job, conditions: [{ type, status: 'True', reason: '', message: '' }] });
}

function putProgramPod(jobs: FakeJobs, job: Job, phase: string, state: ContainerState): void {
  const { namespace, name, uid } = job;
  const pod = newPod({ namespace, name: podOf(job), uid: `pod of ${uid}`, ownerUid: uid, phase });
  const status = { name: 'program', init: false, image: '', ready: false, restarts: 0, state, last: undefined };
  jobs.putPod({ ...pod, labels: { 'job-name': name }, containers: [status] });
}

/** Another one for each Job, as with their real names. */
function podOf({ name, uid }: Job): string {
  return `${name}-${uid.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

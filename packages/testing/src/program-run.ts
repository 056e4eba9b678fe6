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
  /** Of the container's end; none when left out. */
  readonly reason?: string;
}

/** What the program of packages/backup leaves when it reports, with a line for people before. */
export function runOf(report: ProgramReport): ProgramRun {
  const isBad = report.verdict === 'failed';
  return {
    lines: ['the program begins', ...reportLines(report)],
    message: terminationMessage(report),
    ...(isBad ? { exitCode: 1, reason: 'Error' } : { exitCode: 0, reason: 'Completed' }),
  };
}

/** Lets a Job begin: its pod runs and prints. */
export function beginProgram(jobs: FakeJobs, job: Job, lines: readonly string[] = [], container = 'program'): void {
  jobs.addLines(`${podOf(job)}/${container}/0`, ...lines);
  putProgramPod(jobs, job, container, { is: 'running', startedAt: new Date(0) });
}

/** Lets a Job end as the kubelet and the Job controller do it. */
export function endProgram(jobs: FakeJobs, job: Job, run: ProgramRun, container = 'program'): void {
  const { lines, message, exitCode, reason = '' } = run;
  jobs.addLines(`${podOf(job)}/${container}/0`, ...lines);
  const end = { signal: 0, finishedAt: new Date(0), exitCode, reason, message };
  putProgramPod(jobs, job, container, { is: 'terminated', ...end });
  const type = exitCode === 0 ? 'Complete' : 'Failed';
  jobs.putJob({ ...job, conditions: [{ type, status: 'True', reason: '', message: '' }] });
}

function putProgramPod(jobs: FakeJobs, job: Job, container: string, state: ContainerState): void {
  const { namespace, name, uid } = job;
  const phase = state.is !== 'terminated' ? 'Running' : state.exitCode === 0 ? 'Succeeded' : 'Failed';
  const pod = newPod({ namespace, name: podOf(job), uid: `pod of ${uid}`, ownerUid: uid, phase });
  const status = { name: container, init: false, image: '', ready: false, restarts: 0, state, last: undefined };
  jobs.putPod({ ...pod, labels: { 'job-name': name }, containers: [status] });
}

/** Another one for each Job, as with their real names. */
function podOf({ name, uid }: Job): string {
  return `${name}-${uid.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

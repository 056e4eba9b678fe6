import { marks } from '../launch/plan.ts';
import { launchIn } from '../launch/place.ts';
import type { Task, Words } from '../launch/task.ts';
import type { Cause, Ended } from '../launch/verdict.ts';
import type { ActionContext } from '../context.ts';
import type { SummaryBlock } from '../outcome.ts';
import type { RunContext } from '../run-context.ts';
import type { ProgramReport } from '../../domain/backup/report.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Job } from '../../domain/job.ts';
import type { Project } from '../../domain/topology.ts';
import type { Jobs } from '../../ports/jobs.ts';

/** One run of the program of packages/backup in a project. */
export interface ProgramJob {
  readonly project: Project;
  readonly cronJob: string;
  /** For the run, and for the end of another one that is waited for before. */
  readonly timeoutMs: number;
  /** Variables of docs/backups.md; none of them secret. */
  readonly env: Readonly<Record<string, string>>;
  /** What to do when a Job of the CronJob runs that is not this run's own. It is never touched. */
  readonly onRunning: 'wait' | 'fail';
  readonly dryRun: boolean;
  /** `completion` when left out. */
  readonly wait?: 'start' | 'completion';
  /** Begins every line in a log that several projects share. */
  readonly prefix?: string;
}

export type ProgramEnd = { readonly job?: Pick<Job, 'namespace' | 'name' | 'uid'> | undefined } &
  /** It has ended and its report is whole and agrees with how it ended. The report may tell of a failure. */
  (
    | { readonly verdict: 'reported'; readonly report: ProgramReport }
    | {
        /** `started`: with `wait: start` alone. `blocked`: another one runs. */
        readonly verdict: 'started' | 'blocked' | 'failed' | 'planned' | 'cancelled';
        readonly cause?: Cause;
        /** What happened, without its full stop. */
        readonly sentence: string;
        readonly next: string;
        readonly evidence?: readonly SummaryBlock[];
        /** False when the program cannot have run; left out when it may have. */
        readonly begun?: false;
      }
  );

const words: Words = {
  name: 'program',
  field: 'database',
  blocked: 'Run this again when it has ended.',
  removed: 'What it was doing was broken off.',
  notBegun: 'had not begun',
  deleted: 'It cleans up after itself. Run this again.',
};

/**
 * Makes a Job of the program from the project's CronJob, shows its log as it comes, and reads its report. When the run is cancelled
 * the Job is deleted: the program then leaves nothing half made. Never throws for what is wrong with this project alone.
 */
export async function runProgram(job: ProgramJob, jobs: Jobs, context: ActionContext): Promise<ProgramEnd> {
  const { log, clock, signal, run } = context;
  const end = await launchIn({
    ...{ log, clock, signal, jobs },
    task: taskOf(job, run),
    choices: {
      ...{ wait: job.wait ?? 'completion', 'on-running': job.onRunning, 'on-cancel': 'delete' },
      ...{ 'dry-run': job.dryRun, timeout: undefined },
    },
    timeoutMs: job.timeoutMs,
    prefix: job.prefix ?? '',
  });
  return endOf(end);
}

function taskOf({ project, cronJob, env }: ProgramJob, run: RunContext): Task {
  const asked = JSON.stringify(Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    project,
    cronJob,
    wanted: {
      ...{ containers: undefined, image: undefined, env, labels: {}, run },
      identity: { [marks.asked]: digestOf(new TextEncoder().encode(asked)) },
      // What an earlier step of the same attempt has done is not what this one is to do.
      adoptsEnded: false,
      // The history of what the cluster's own schedule has made is the CronJob's.
      removes: 'namesake',
    },
    proof: { by: 'report' },
    words,
  };
}

function endOf({ verdict, cause, sentence, next = '', evidence, begun, job, report }: Ended): ProgramEnd {
  if (report) return { verdict: 'reported', report, job };
  if (verdict === 'succeeded') throw new TypeError('a program has succeeded without a report');
  const known = { ...(cause && { cause }), ...(evidence && { evidence }), ...(begun === false && { begun }) };
  return { verdict, sentence, next, job, ...known };
}

import type { SummaryBlock } from '../outcome.ts';
import { parseTermination } from '../../domain/backup/report-schema.ts';
import type { ProgramReport } from '../../domain/backup/report.ts';
import type { Job } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import type { ContainerState, Pod } from '../../domain/workload.ts';
import type { LastRun } from './causes.ts';
import { diagnoseFailure } from './causes.ts';
import type { LoggedRun } from './log-pump.ts';
import type { Ended } from './verdict.ts';

/** A Job that has ended, the run that decides, and what that has logged. */
export interface EndedJob {
  readonly job: Job;
  readonly how: 'Complete' | 'Failed';
  readonly pods: readonly Pod[];
  readonly run: LastRun | undefined;
  readonly logged: LoggedRun | undefined;
}

/** What a program's end is worth: its report when it is whole and agrees with how it ended, else a failure, whatever the exit code. */
export function judgeReport(ended: EndedJob, containers: readonly string[], evidence: readonly SummaryBlock[]): Ended {
  const { job, how, run, logged } = ended;
  const read = run && logged?.report?.read(run.end.message);
  if (read && 'report' in read && agrees(read.report, ended))
    return { verdict: 'succeeded', sentence: read.report.sentence, report: read.report };
  const diagnosis = how === 'Failed' ? diagnoseFailure(job, ended.pods.map(withPlainMessages), containers) : undefined;
  const problem = problemOf(read, ended);
  const why = diagnosis ? `has failed: ${diagnosis.sentence}` : 'has ended';
  const sentence = `${describeJob(job)} ${why}${problem === '' ? '' : `; its report ${problem}`}`;
  const next = 'What it has done is not known. Its log says more; mend the cause, then run this again.';
  return { verdict: 'failed', cause: diagnosis?.cause ?? 'no-report', sentence, next, evidence };
}

/** Ended from outside, a program only knows that it was cancelled; why is known to the cluster. */
function isCutShort({ cause }: ProgramReport, { how }: EndedJob): boolean {
  return how === 'Failed' && cause === 'cancelled';
}

function agrees(report: ProgramReport, ended: EndedJob): boolean {
  if (isCutShort(report, ended)) return false;
  return (report.verdict === 'failed') === (ended.how === 'Failed');
}

function problemOf(read: ReturnType<NonNullable<LoggedRun['report']>['read']> | undefined, ended: EndedJob): string {
  if (!read) return 'is missing: nothing of its log is known';
  if ('problem' in read)
    return ended.logged?.complete
      ? read.problem
      : `${read.problem} (the log is not whole: ${ended.logged?.trouble ?? ''})`;
  if (isCutShort(read.report, ended)) return '';
  return `says ${read.report.verdict}, which is not how it ended (${ended.how})`;
}

/** The termination message is for this program; a person wants the sentence in it. */
function withPlainMessages(pod: Pod): Pod {
  const plain = <State extends ContainerState | undefined>(state: State): State => {
    if (state?.is !== 'terminated') return state;
    const said = parseTermination(state.message.trim());
    return 'problem' in said ? state : { ...state, message: said.termination.sentence };
  };
  const containers = pod.containers.map((one) => ({ ...one, state: plain(one.state), last: plain(one.last) }));
  return { ...pod, containers };
}

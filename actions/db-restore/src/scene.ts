import type { ProgramEnd, ProgramJob } from '@delivery/core/action/backup/run-program';
import { runProgram } from '@delivery/core/action/backup/run-program';
import type { ActionContext } from '@delivery/core/action/context';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Aim } from './aim.ts';
import type { Inputs } from './inputs.ts';

/** What one run of the action is made with. */
export interface Scene {
  readonly aim: Aim;
  readonly inputs: Inputs;
  readonly jobs: Jobs;
  /** Milliseconds, of each Job. */
  readonly timeoutMs: number;
}

/** Runs the program in the target. */
export async function runThere(
  env: ProgramJob['env'],
  { aim: { target }, inputs, jobs, timeoutMs }: Scene,
  context: ActionContext,
): Promise<ProgramEnd> {
  const cronJob = target.database?.restore?.cronJob;
  if (cronJob === undefined) throw new TypeError('the target was not chosen by findAim');
  const how = { onRunning: inputs['on-running'], dryRun: inputs['dry-run'] };
  return runProgram({ project: target, cronJob, timeoutMs, env, ...how }, jobs, context);
}

/** What a Job that was to report something else has come to, as a sentence and what to do. */
export function withoutReport(end: ProgramEnd, wanted: string): { readonly sentence: string; readonly next: string } {
  if (end.verdict === 'reported') {
    const { command, verdict, sentence, next } = end.report;
    if (verdict === 'failed') return { sentence, next };
    const odd = `the Job has reported a ${command}, not a ${wanted}`;
    return {
      sentence: odd,
      next: 'Look at the Job and its image: this is a mistake in the program, or not the program.',
    };
  }
  const { verdict, cause, sentence, next } = end;
  return { sentence: `${verdict}${cause === undefined ? '' : ` (${cause})`}: ${sentence}`, next };
}

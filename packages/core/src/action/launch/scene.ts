import type { ActionContext } from '../context.ts';
import type { CronJob } from '../../domain/job.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { LaunchChoices } from './choices.ts';
import type { Task } from './task.ts';

/** One project while something is launched in it. */
export interface Scene extends Pick<ActionContext, 'log' | 'clock' | 'signal'> {
  readonly task: Task;
  readonly jobs: Jobs;
  readonly choices: LaunchChoices;
  /** Of each wait. */
  readonly timeoutMs: number;
  /** Begins every line of this project in a log that several share; empty when it is alone. */
  readonly prefix: string;
}

export interface LaunchScene extends Scene {
  readonly cronJob: CronJob;
}

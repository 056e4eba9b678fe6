import type { ActionContext } from '../context.ts';
import type { CronJob } from '../../domain/job.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Web } from '../../ports/web.ts';
import type { LaunchChoices, Place } from './choices.ts';
import type { Wanted } from './plan.ts';

/** One project while something is launched in it. */
export interface Scene extends Pick<ActionContext, 'log' | 'clock' | 'signal'> {
  readonly place: Place;
  readonly jobs: Jobs;
  readonly web: Web;
  readonly wanted: Wanted;
  readonly choices: LaunchChoices;
  /** Of each wait. */
  readonly timeoutMs: number;
  /** Begins every line of this project in a log that several share; empty when it is alone. */
  readonly prefix: string;
}

export interface LaunchScene extends Scene {
  readonly cronJob: CronJob;
}

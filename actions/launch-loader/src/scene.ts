import type { ActionContext } from '@delivery/core/action/context';
import type { CronJob } from '@delivery/core/domain/job';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Web } from '@delivery/core/ports/web';
import type { Place } from './aim.ts';
import type { Inputs } from './inputs.ts';
import type { Wanted } from './plan.ts';

/** One project while something is launched in it. */
export interface Scene extends Pick<ActionContext, 'log' | 'clock' | 'signal'> {
  readonly place: Place;
  readonly jobs: Jobs;
  readonly web: Web;
  readonly wanted: Wanted;
  readonly inputs: Pick<Inputs, 'wait' | 'on-running' | 'on-cancel' | 'dry-run'>;
  /** Of each wait. */
  readonly timeoutMs: number;
  /** Begins every line of this project in a log that several share; empty when it is alone. */
  readonly prefix: string;
}

export interface LaunchScene extends Scene {
  readonly cronJob: CronJob;
}

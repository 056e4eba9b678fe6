import type { SummaryBlock } from '@delivery/core/action/outcome';
import type { Cause as StartCause } from '@delivery/core/domain/rollout/cause';
import type { Job } from '@delivery/core/domain/job';
import type { Place } from './aim.ts';

/** How it ended in one project, for machines. docs/launch-loader.md says what each one means. */
export type Verdict = 'started' | 'succeeded' | 'blocked' | 'failed' | 'planned' | 'cancelled';

/** Why it failed. */
export type Cause =
  | StartCause
  | 'cronjob-missing'
  | 'refused'
  | 'exit-code'
  | 'killed'
  | 'deadline'
  | 'evicted'
  | 'not-loaded'
  | 'removed';

export interface Ended {
  readonly verdict: Verdict;
  /** Undefined unless it failed. */
  readonly cause?: Cause;
  /** What happened, after the project's name: a sentence without its full stop. */
  readonly sentence: string;
  readonly next?: string;
  /** The Job of this run; left out when there is none (any more). */
  readonly job?: Pick<Job, 'namespace' | 'name' | 'uid'> | undefined;
  readonly evidence?: readonly SummaryBlock[];
}

export interface PlaceEnd extends Ended {
  readonly place: Place;
}

import type { SummaryBlock } from '../outcome.ts';
import type { Cause as StartCause } from '../../domain/rollout/cause.ts';
import type { ProgramReport } from '../../domain/backup/report.ts';
import type { Job } from '../../domain/job.ts';
import type { Place } from './choices.ts';

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
  /** The program's report is missing, damaged, or not what its exit code says. */
  | 'no-report'
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
  /** False when nothing of this run can have run; left out when it may have. */
  readonly begun?: false;
  /** Of a program that reports, once it has: then the verdict is `succeeded`, whatever it says. */
  readonly report?: ProgramReport;
}

export interface PlaceEnd extends Ended {
  readonly place: Place;
}

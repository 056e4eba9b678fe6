import type { RunContext } from '../run-context.ts';
import type { Project, SuccessSigns } from '../../domain/topology.ts';
import type { Web } from '../../ports/web.ts';

/** What is launched in one project: a loader of a build, or a program of docs/backups.md. */
export interface Task {
  readonly project: Pick<Project, 'name' | 'namespace'>;
  readonly cronJob: string;
  readonly wanted: Wanted;
  readonly proof: Proof;
  readonly words: Words;
}

/** How the Job differs from what its CronJob describes. */
export interface Wanted {
  /** Those that run what is launched; undefined: the only one of the pod. */
  readonly containers: readonly string[] | undefined;
  /** That they run, by digest; undefined: what the CronJob names. */
  readonly image: string | undefined;
  /** What they get. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** A Job of this run that has the very same ones is one that was made for this. */
  readonly identity: Readonly<Record<string, string>>;
  /** Whether one of this attempt counts when it has ended already: a second load of a build would do nothing new. */
  readonly adoptsEnded: boolean;
  /** Which Jobs that have ended are removed: all of the CronJob, or the one whose name is needed. */
  readonly removes: 'all' | 'namesake';
  readonly run: RunContext;
}

/** What decides whether a Job that has ended has done its work: signs of delivery.yaml, or what its program reports. */
export type Proof =
  { readonly by: 'signs'; readonly signs: SuccessSigns | undefined; readonly web: Web } | { readonly by: 'report' };

/** What people are told where one kind of Job differs from another: sentences, but for the first two. */
export interface Words {
  /** `loader` */
  readonly name: string;
  /** Of delivery.yaml, where its CronJob is named. */
  readonly field: string;
  /** What comes next when another one runs. */
  readonly blocked: string;
  readonly removed: string;
  /** Why one that did not start may go: `had loaded nothing`. */
  readonly notBegun: string;
  /** What comes next when it was deleted because the run was cancelled. */
  readonly deleted: string;
}

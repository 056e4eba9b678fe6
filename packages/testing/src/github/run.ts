import type { Job } from './act-log.ts';

export type RunEvent = 'push' | 'repository_dispatch' | 'workflow_dispatch';
export type RunConclusion = 'success' | 'failure' | 'cancelled' | 'startup_failure';

/** A run of a workflow, as run.json holds it and the client sees it. */
export interface Run {
  readonly id: number;
  /** owner/name */
  readonly repository: string;
  readonly workflow: { readonly path: string; readonly name: string };
  /** Counts the runs of one workflow file from 1; a re-run keeps it. */
  readonly runNumber: number;
  attempt: number;
  readonly event: RunEvent;
  /** refs/heads/... or refs/tags/... */
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  /** By `run-name` of the workflow, else the first line of the commit, the type of the event or the name of the workflow. */
  title: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: RunConclusion | null;
  /** Why a run could not begin. */
  problem?: string;
  jobs: readonly Job[];
  readonly createdAt: string;
  startedAt: string;
  updatedAt: string;
}

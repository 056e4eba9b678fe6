import type { Project, ProjectJob } from '../../domain/topology.ts';

/** What a run may choose. */
export interface LaunchChoices {
  readonly wait: 'start' | 'completion';
  readonly 'on-running': 'unstable' | 'wait' | 'fail';
  readonly 'on-cancel': 'leave' | 'delete';
  readonly 'dry-run': boolean;
  /** Milliseconds; undefined: what delivery.yaml says. */
  readonly timeout: number | undefined;
}

export const launchOutputs = ['result', 'launched', 'blocked', 'failed', 'jobs'] as const;

export type LaunchOutput = (typeof launchOutputs)[number];

/** A project and what is launched there. */
export interface Place {
  readonly project: Project;
  readonly job: ProjectJob;
}

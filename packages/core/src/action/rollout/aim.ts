import type { Repository } from '../../domain/image-reference.ts';
import type { Project, ProjectWorkload } from '../../domain/topology.ts';

/** What is rolled out where. */
export interface Aim {
  readonly project: Project;
  /** Name of the image in delivery.yaml. */
  readonly image: string;
  /** Where the workloads pull it from. */
  readonly repository: Repository;
  readonly workloads: readonly ProjectWorkload[];
}

/** What a run may choose; `timeout` in milliseconds. */
export interface RolloutChoices {
  readonly timeout: number;
  readonly 'on-failure': 'rollback' | 'leave';
  /** Go back to a build that is older than the one that runs. */
  readonly force: boolean;
  readonly 'dry-run': boolean;
}

export const rolloutOutputs = ['result', 'digest', 'previous-digest', 'verdict', 'cause', 'url'] as const;

export type RolloutOutput = (typeof rolloutOutputs)[number];

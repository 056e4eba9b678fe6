import { join } from 'node:path';
import { Collection } from './collection.ts';

interface Timed {
  readonly id: number;
  readonly repository: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface CheckRun extends Timed {
  readonly name: string;
  readonly head_sha: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly external_id: string;
  readonly details_url: string | null;
  readonly output: {
    readonly title?: string;
    readonly summary?: string;
    readonly text?: string;
    readonly annotations?: readonly object[];
  };
}

export interface CommitStatus extends Timed {
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly target_url: string | null;
  readonly creator: string;
}

export interface Deployment extends Timed {
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly payload: object | string;
  readonly environment: string;
  readonly description: string | null;
  readonly transient_environment: boolean;
  readonly production_environment: boolean;
  readonly creator: string;
}

export interface DeploymentStatus extends Timed {
  readonly deployment: number;
  readonly state: string;
  readonly description: string;
  readonly environment: string;
  readonly environment_url: string;
  readonly log_url: string;
  readonly creator: string;
}

/** One manifest of a package of the container registry. */
export interface StoredPackageVersion extends Timed {
  readonly owner: string;
  readonly ownerIs: 'org' | 'user';
  readonly package: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly downloads: number;
  readonly deleted: boolean;
}

/** What the API has recorded; a JSON file for each kind. */
export class Records {
  readonly checkRuns: Collection<CheckRun>;
  readonly statuses: Collection<CommitStatus>;
  readonly deployments: Collection<Deployment>;
  readonly deploymentStatuses: Collection<DeploymentStatus>;
  readonly packageVersions: Collection<StoredPackageVersion>;

  constructor(dir: string) {
    this.checkRuns = new Collection(join(dir, 'check-runs.json'));
    this.statuses = new Collection(join(dir, 'commit-statuses.json'));
    this.deployments = new Collection(join(dir, 'deployments.json'));
    this.deploymentStatuses = new Collection(join(dir, 'deployment-statuses.json'));
    this.packageVersions = new Collection(join(dir, 'package-versions.json'));
  }
}

/** What new records have in common. */
export function timed(repository: string): Omit<Timed, 'id'> {
  const now = new Date().toISOString();
  return { repository, created_at: now, updated_at: now };
}

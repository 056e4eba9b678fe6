export interface NewDeployment {
  readonly environment: string;
  readonly sha: string;
  /** At most 140 characters are kept. */
  readonly description: string;
  readonly payload: Readonly<Record<string, string>>;
}

export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface DeploymentStatus {
  readonly state: DeploymentState;
  readonly description: string;
  readonly environmentUrl?: string;
  readonly logUrl?: string;
}

export interface NeutralCheck {
  readonly name: string;
  readonly sha: string;
  readonly title: string;
  readonly summary: string;
}

/** The repository that the workflow runs in (docs.github.com/rest, version 2022-11-28). Throws RemoteError (`github`). */
export interface GitHub {
  /** Records a deployment and gives its id (rest/deployments). */
  createDeployment(deployment: NewDeployment, signal: AbortSignal): Promise<number>;
  addDeploymentStatus(id: number, status: DeploymentStatus, signal: AbortSignal): Promise<void>;
  /** A completed check run with conclusion `neutral` (rest/checks); needs `checks: write`. */
  createNeutralCheck(check: NeutralCheck, signal: AbortSignal): Promise<void>;
}

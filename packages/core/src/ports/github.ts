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

/** A mark at a commit that whoever made a call can ask for (rest/commits/statuses). */
export interface CommitStatus {
  readonly sha: string;
  /** What the status is of; a newer one of the same context takes its place. */
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  /** At most 140 characters are kept. */
  readonly description: string;
  readonly targetUrl: string;
}

export interface ComparedCommit {
  readonly sha: string;
  /** The first line of its message; it may hold anything. */
  readonly subject: string;
}

/** What a comparison of two commits gives: the commits that `head` has and `base` has not. */
export interface Comparison {
  /** How many there are in all. */
  readonly ahead: number;
  /** How many `base` has that `head` has not. */
  readonly behind: number;
  /** The first of them, oldest first; at most 100. */
  readonly commits: readonly ComparedCommit[];
  /** Its page. */
  readonly url: string;
}

/** The repository that the workflow runs in (docs.github.com/rest, version 2022-11-28). Throws RemoteError (`github`). */
export interface GitHub {
  /** Records a deployment and gives its id (rest/deployments). */
  createDeployment(deployment: NewDeployment, signal: AbortSignal): Promise<number>;
  addDeploymentStatus(id: number, status: DeploymentStatus, signal: AbortSignal): Promise<void>;
  /** A completed check run with conclusion `neutral` (rest/checks); needs `checks: write`. */
  createNeutralCheck(check: NeutralCheck, signal: AbortSignal): Promise<void>;
  /** Sets the status of a context at a commit (rest/commits/statuses); needs `statuses: write`. */
  createStatus(status: CommitStatus, signal: AbortSignal): Promise<void>;
  /** Compares two commits of a repository, `owner/name` (rest/commits/commits); needs `contents: read` there. */
  compare(repository: string, base: string, head: string, signal: AbortSignal): Promise<Comparison>;
}

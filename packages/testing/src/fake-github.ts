import { RemoteError } from '@delivery/core/errors/errors';
import type { CommitStatus, DeploymentStatus, GitHub, NeutralCheck, NewDeployment } from '@delivery/core/ports/github';

export interface RecordedDeployment extends NewDeployment {
  readonly id: number;
  /** In the order they came. */
  readonly statuses: DeploymentStatus[];
}

export interface FakeGitHubOptions {
  /** Commits that the repository has; undefined: every one. */
  readonly commits?: readonly string[];
  /** What the token is granted; default: all that the port needs. */
  readonly permissions?: readonly string[];
}

const all = ['deployments: write', 'checks: write', 'statuses: write'];

/** A GitHub that remembers what it was told. */
export class FakeGitHub implements GitHub {
  readonly deployments: RecordedDeployment[] = [];
  readonly checks: NeutralCheck[] = [];
  /** In the order they came. */
  readonly statuses: CommitStatus[] = [];
  readonly #commits: readonly string[] | undefined;
  readonly #permissions: readonly string[];

  constructor({ commits, permissions = all }: FakeGitHubOptions = {}) {
    this.#commits = commits;
    this.#permissions = permissions;
  }

  async createDeployment(deployment: NewDeployment, signal: AbortSignal): Promise<number> {
    this.#admit('deployments: write', signal);
    this.#commit(deployment.sha);
    const id = this.deployments.length + 1;
    const description = deployment.description.slice(0, 140);
    this.deployments.push({ ...deployment, description, id, statuses: [] });
    return id;
  }

  async addDeploymentStatus(id: number, status: DeploymentStatus, signal: AbortSignal): Promise<void> {
    this.#admit('deployments: write', signal);
    const deployment = this.deployments.find((one) => one.id === id);
    if (!deployment) throw new RemoteError('github', `there is no deployment ${id}`, { status: 404, retryable: false });
    deployment.statuses.push({ ...status, description: status.description.slice(0, 140) });
  }

  async createNeutralCheck(check: NeutralCheck, signal: AbortSignal): Promise<void> {
    this.#admit('checks: write', signal);
    this.#commit(check.sha);
    this.checks.push(check);
  }

  async createStatus(status: CommitStatus, signal: AbortSignal): Promise<void> {
    this.#admit('statuses: write', signal);
    this.#commit(status.sha);
    this.statuses.push({ ...status, description: status.description.slice(0, 140) });
  }

  #admit(permission: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#permissions.includes(permission)) return;
    throw new RemoteError('github', 'not accessible', { status: 403, retryable: false, hint: `add ${permission}` });
  }

  #commit(sha: string): void {
    if (this.#commits === undefined || this.#commits.includes(sha)) return;
    throw new RemoteError('github', `no commit ${sha}`, { status: 422, retryable: false });
  }
}

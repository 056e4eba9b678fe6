import { RemoteError } from '@delivery/core/errors/errors';
import type {
  CommitStatus,
  Comparison,
  DeploymentStatus,
  GitHub,
  NeutralCheck,
  NewDeployment,
} from '@delivery/core/ports/github';

export interface RecordedDeployment extends NewDeployment {
  readonly id: number;
  /** In the order they came. */
  readonly statuses: DeploymentStatus[];
}

export interface FakeGitHubOptions {
  /** Commits that the repository has, in their order; undefined: every one. */
  readonly commits?: readonly string[];
  /** First lines of their messages. */
  readonly subjects?: Readonly<Record<string, string>>;
  /** Those where commits can be compared; undefined: every one. */
  readonly repositories?: readonly string[];
  /** What the token is granted; default: all that the port needs. */
  readonly permissions?: readonly string[];
}

const all = ['deployments: write', 'checks: write', 'statuses: write', 'contents: read'];

/** A GitHub that remembers what it was told. */
export class FakeGitHub implements GitHub {
  readonly deployments: RecordedDeployment[] = [];
  readonly checks: NeutralCheck[] = [];
  /** In the order they came. */
  readonly statuses: CommitStatus[] = [];
  readonly #options: FakeGitHubOptions;

  constructor(options: FakeGitHubOptions = {}) {
    this.#options = options;
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

  async compare(repository: string, base: string, head: string, signal: AbortSignal): Promise<Comparison> {
    this.#admit('contents: read', signal);
    const { commits = [base, head], repositories, subjects = {} } = this.#options;
    const isThere = commits.includes(base) && commits.includes(head) && repositories?.includes(repository) !== false;
    if (!isThere) throw new RemoteError('github', 'Not Found', { status: 404, retryable: false });
    const [from, to] = [commits.indexOf(base), commits.indexOf(head)];
    const coming = commits.slice(from + 1, to + 1);
    return {
      ahead: Math.max(0, to - from),
      behind: Math.max(0, from - to),
      commits: coming.map((sha) => ({ sha, subject: subjects[sha] ?? `Commit ${sha.slice(0, 7)}` })),
      url: `https://github.example.org/${repository}/compare/${base}...${head}`,
    };
  }

  #admit(permission: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    if ((this.#options.permissions ?? all).includes(permission)) return;
    throw new RemoteError('github', 'not accessible', { status: 403, retryable: false, hint: `add ${permission}` });
  }

  #commit(sha: string): void {
    if (this.#options.commits?.includes(sha) !== false) return;
    throw new RemoteError('github', `no commit ${sha}`, { status: 422, retryable: false });
  }
}

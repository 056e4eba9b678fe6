import type { RunContext } from '../action/run-context.ts';
import { RemoteError } from '../errors/errors.ts';
import type {
  CommitStatus,
  Comparison,
  DeploymentStatus,
  GitHub,
  NeutralCheck,
  NewDeployment,
} from '../ports/github.ts';
import type { GitHubClient } from './github-client.ts';
import { openGitHubClient, sendToGitHub } from './github-client.ts';

/** The repository of the run, at the API that the runner names: the token never goes elsewhere. */
export function connectGitHub(token: string, run: Pick<RunContext, 'apiUrl' | 'repository'>): GitHub {
  return new RestGitHub(token, run);
}

/** By the token of an action's inputs; undefined when none was given. */
export function gitHubOfInputs(
  { 'github-token': token }: { readonly 'github-token': string },
  run: Pick<RunContext, 'apiUrl' | 'repository'>,
): GitHub | undefined {
  return token === '' ? undefined : connectGitHub(token, run);
}

// Limits of docs.github.com/rest/deployments and rest/checks/runs.
const maxDescription = 140;
const maxSummary = 65_535;
// docs.github.com/rest/commits/commits, "Compare two commits".
const maxCommits = 100;

/** GitHub's REST API by @actions/github. One request for each call; nothing is tried again here: `retryable` tells the caller. */
class RestGitHub implements GitHub {
  readonly #rest: GitHubClient;
  readonly #repository: { readonly owner: string; readonly repo: string };

  constructor(token: string, { apiUrl, repository }: Pick<RunContext, 'apiUrl' | 'repository'>) {
    const [owner = '', repo = ''] = repository.split('/');
    this.#repository = { owner, repo };
    this.#rest = openGitHubClient(token, apiUrl);
  }

  async createDeployment(deployment: NewDeployment, signal: AbortSignal): Promise<number> {
    const { environment, sha, description, payload } = deployment;
    const { data } = await this.#send('record a deployment', 'deployments: write', signal, () =>
      this.#rest.repos.createDeployment({
        ...this.#repository,
        ref: sha,
        environment,
        description: shorten(description, maxDescription),
        payload: { ...payload },
        // The commit was chosen already: it is neither merged with anything nor held up by other checks of its commit.
        auto_merge: false,
        required_contexts: [],
        request: { signal },
      }),
    );
    if (!('id' in data)) throw new RemoteError('github', 'GitHub recorded no deployment', { retryable: false });
    return data.id;
  }

  async addDeploymentStatus(id: number, status: DeploymentStatus, signal: AbortSignal): Promise<void> {
    const { state, description, environmentUrl, logUrl } = status;
    await this.#send(`set deployment ${id} to ${state}`, 'deployments: write', signal, () =>
      this.#rest.repos.createDeploymentStatus({
        ...this.#repository,
        deployment_id: id,
        state,
        description: shorten(description, maxDescription),
        ...(environmentUrl !== undefined && { environment_url: environmentUrl }),
        ...(logUrl !== undefined && { log_url: logUrl }),
        request: { signal },
      }),
    );
  }

  async createNeutralCheck(check: NeutralCheck, signal: AbortSignal): Promise<void> {
    const { name, sha, title, summary } = check;
    await this.#send(`create the check ${name}`, 'checks: write', signal, () =>
      this.#rest.checks.create({
        ...this.#repository,
        name,
        head_sha: sha,
        status: 'completed',
        conclusion: 'neutral',
        output: { title, summary: shorten(summary, maxSummary) },
        request: { signal },
      }),
    );
  }

  async createStatus(status: CommitStatus, signal: AbortSignal): Promise<void> {
    const { sha, context, state, description, targetUrl } = status;
    await this.#send(`set the status ${context} to ${state}`, 'statuses: write', signal, () =>
      this.#rest.repos.createCommitStatus({
        ...this.#repository,
        sha,
        context,
        state,
        description: shorten(description, maxDescription),
        target_url: targetUrl,
        request: { signal },
      }),
    );
  }

  async compare(repository: string, base: string, head: string, signal: AbortSignal): Promise<Comparison> {
    const [owner = '', repo = ''] = repository.split('/');
    const what = `compare ${base.slice(0, 12)} and ${head.slice(0, 12)} of ${repository}`;
    const { data } = await this.#send(what, 'contents: read', signal, () =>
      this.#rest.repos.compareCommitsWithBasehead({
        ...{ owner, repo, basehead: `${base}...${head}`, per_page: maxCommits },
        request: { signal },
      }),
    );
    const commits = data.commits.map(({ sha, commit }) => ({ sha, subject: commit.message.split('\n')[0] ?? '' }));
    return { ahead: data.ahead_by, behind: data.behind_by, commits, url: data.html_url };
  }

  #send<T>(what: string, permission: string, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    return sendToGitHub(request, what, permission, signal);
  }
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

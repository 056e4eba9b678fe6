import type { RequestId } from '../domain/request-id.ts';
import { titleNames } from '../domain/request-id.ts';
import type { CallEvent, StartedRun, WorkflowRun, WorkflowRuns } from '../ports/workflow-runs.ts';
import type { GitHubClient } from './github-client.ts';
import { openGitHubClient, sendToGitHub } from './github-client.ts';

/** The runs of a repository `owner/name`, at the API that the runner names. */
export function connectWorkflowRuns(token: string, apiUrl: string, repository: string): WorkflowRuns {
  return new RestWorkflowRuns(openGitHubClient(token, apiUrl), repository);
}

/** GitHub's REST API by @actions/github. One request for each call; nothing is tried again here: `retryable` tells the caller. */
class RestWorkflowRuns implements WorkflowRuns {
  readonly #rest: GitHubClient;
  readonly #name: string;
  readonly #repository: { readonly owner: string; readonly repo: string };

  constructor(rest: GitHubClient, repository: string) {
    const [owner = '', repo = ''] = repository.split('/');
    this.#rest = rest;
    this.#name = repository;
    this.#repository = { owner, repo };
  }

  async startWorkflow(
    workflow: string,
    ref: string,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<StartedRun | undefined> {
    const { data } = await this.#send(`start ${workflow} of ${this.#name}`, 'actions: write', signal, () =>
      this.#rest.actions.createWorkflowDispatch({
        ...this.#repository,
        workflow_id: workflow,
        ref,
        inputs,
        return_run_details: true,
        request: { signal },
      }),
    );
    // Servers that do not know return_run_details answer 204, without a body.
    const details = data as { workflow_run_id?: unknown; html_url?: unknown } | undefined;
    const { workflow_run_id: id, html_url: url } = details ?? {};
    return typeof id === 'number' && typeof url === 'string' ? { id, url } : undefined;
  }

  async sendEvent(type: string, payload: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    await this.#send(`send ${type} to ${this.#name}`, 'contents: write', signal, () =>
      this.#rest.repos.createDispatchEvent({
        ...this.#repository,
        event_type: type,
        client_payload: { ...payload },
        request: { signal },
      }),
    );
  }

  async find(event: CallEvent, id: RequestId, signal: AbortSignal): Promise<readonly WorkflowRun[]> {
    const { data } = await this.#send(`list the runs of ${this.#name}`, 'actions: read', signal, () =>
      this.#rest.actions.listWorkflowRunsForRepo({ ...this.#repository, event, per_page: 100, request: { signal } }),
    );
    return data.workflow_runs.filter((run) => titleNames(run.display_title, id)).map(toRun);
  }

  async read(id: number, signal: AbortSignal): Promise<WorkflowRun> {
    const { data } = await this.#send(`read run ${id} of ${this.#name}`, 'actions: read', signal, () =>
      this.#rest.actions.getWorkflowRun({ ...this.#repository, run_id: id, request: { signal } }),
    );
    return toRun(data);
  }

  #send<T>(what: string, permission: string, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    return sendToGitHub(request, what, permission, signal);
  }
}

interface RestRun {
  readonly id: number;
  readonly html_url: string;
  readonly status: string | null;
  readonly conclusion: string | null;
}

function toRun({ id, html_url: url, status, conclusion }: RestRun): WorkflowRun {
  return { id, url, status: status ?? 'unknown', conclusion: conclusion ?? undefined };
}

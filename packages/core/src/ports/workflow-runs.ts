import type { RequestId } from '../domain/request-id.ts';

export interface StartedRun {
  readonly id: number;
  /** Its page. */
  readonly url: string;
}

export interface WorkflowRun extends StartedRun {
  /** `queued`, `in_progress`, `completed` or another word of GitHub's. */
  readonly status: string;
  /** `success`, `failure` or another word of GitHub's; undefined while it is not completed. */
  readonly conclusion: string | undefined;
}

export type CallEvent = 'workflow_dispatch' | 'repository_dispatch';

/** The workflow runs of one repository (docs.github.com/rest, version 2022-11-28). Throws RemoteError (`github`). */
export interface WorkflowRuns {
  /**
   * Starts a workflow, a file name or an id, on a branch or tag (rest/actions/workflows). Undefined when the server took it and
   * does not tell which run it is. Status 422 when the workflow does not take these inputs, 404 when there is none.
   */
  startWorkflow(
    workflow: string,
    ref: string,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<StartedRun | undefined>;
  /** Sends a repository_dispatch (rest/repos/repos), which starts every workflow of the default branch that waits for it, or none. */
  sendEvent(type: string, payload: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void>;
  /** Those of the newest 100 runs of the event whose titles hold the id as a whole word, the newest first. */
  find(event: CallEvent, id: RequestId, signal: AbortSignal): Promise<readonly WorkflowRun[]>;
  /** Status 404 when there is no such run. */
  read(id: number, signal: AbortSignal): Promise<WorkflowRun>;
}

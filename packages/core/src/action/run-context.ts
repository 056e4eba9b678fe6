/** The workflow run that the action is part of (docs.github.com, "Default environment variables"). */
export interface RunContext {
  /** owner/name */
  readonly repository: string;
  readonly sha: string;
  readonly ref: string;
  readonly runId: number;
  readonly runNumber: number;
  readonly runAttempt: number;
  readonly actor: string;
  readonly eventName: string;
  readonly workflow: string;
  readonly serverUrl: string;
  readonly apiUrl: string;
}

/** The page of the run. */
export function runUrl(run: RunContext): string {
  return `${run.serverUrl}/${run.repository}/actions/runs/${run.runId}`;
}

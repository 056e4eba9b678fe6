import { getOctokit } from '@actions/github';
import { translateGitHubError } from './github-error.ts';

export type GitHubClient = ReturnType<typeof getOctokit>['rest'];

/** GitHub's REST API at the address that the runner names: the token never goes elsewhere. */
export function openGitHubClient(token: string, apiUrl: string): GitHubClient {
  return getOctokit(token, { baseUrl: apiUrl, log: silent }).rest;
}

/** One request; nothing is tried again here. Throws RemoteError (`github`), or the signal's reason once it is aborted. */
export async function sendToGitHub<T>(
  request: () => Promise<T>,
  what: string,
  permission: string,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await request();
  } catch (error) {
    signal.throwIfAborted();
    throw translateGitHubError(error, what, permission);
  }
}

/** The client would print warnings of its own to the step's log. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // nothing is printed that the caller does not see
}

import { RemoteError } from '../errors/errors.ts';

interface Answer {
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

const maxReason = 200;

/**
 * What the client throws holds the request with its token and all headers. Kept of it: the status, GitHub's own one-line reason, and
 * what the limits' headers say (docs.github.com, "Rate limits for the REST API"). `permission` is what the call needs.
 */
export function translateGitHubError(error: unknown, what: string, permission: string): RemoteError {
  const { status: given, response: answer } = error as { status?: number; response?: Answer };
  // The client calls a lost connection a 500 without an answer.
  if (answer === undefined || given === undefined) {
    return new RemoteError('github', `cannot ${what}: GitHub's API did not answer`, { retryable: true });
  }
  const limit = limitOf(given, answer);
  const message = `cannot ${what}: GitHub's API answered ${given}${reason(answer.data)}`;
  return new RemoteError('github', message, {
    status: given,
    retryable: limit !== undefined || given >= 500,
    retryAfterMs: limit?.retryAfterMs,
    hint: limit ? limit.hint : hint(given, permission),
  });
}

interface Limit {
  readonly hint: string | undefined;
  readonly retryAfterMs: number;
}

/** What GitHub asks to wait when it does not say how long. */
const unsaidMs = 60_000;

/** 429 is a matter of time, and so is 403 when it comes with one of the limits' headers. */
function limitOf(status: number, { headers }: Answer): Limit | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const seconds = Number(headers['retry-after']);
  if (seconds > 0)
    return {
      hint: `GitHub's secondary rate limit is reached; it asks to wait ${seconds} s.`,
      retryAfterMs: seconds * 1000,
    };
  if (String(headers['x-ratelimit-remaining']) !== '0')
    return status === 429 ? { hint: undefined, retryAfterMs: unsaidMs } : undefined;
  const reset = Number(headers['x-ratelimit-reset']) * 1000;
  const until = reset > 0 && reset < 8.64e15 ? ` until ${new Date(reset).toISOString()}` : '';
  // By the server's own clock: that of the runner may be another.
  const wait = reset - Date.parse(String(headers['date']));
  return {
    hint: `GitHub's rate limit of this token is used up${until}.`,
    retryAfterMs: Number.isNaN(wait) ? unsaidMs : Math.max(0, wait),
  };
}

function hint(status: number, permission: string): string | undefined {
  if (status === 401) return 'The token is not accepted: give github-token a valid one.';
  if (status === 403) return `The token may not do this: add "permissions: ${permission}" to the job.`;
  if (status === 404) return `The token does not see the repository, or it lacks "${permission}".`;
  return undefined;
}

function reason(data: unknown): string {
  const message = (data as { message?: unknown } | null | undefined)?.message;
  if (typeof message !== 'string') return '';
  const line = message.replace(/\s+/g, ' ').trim();
  return `: ${line.length > maxReason ? `${line.slice(0, maxReason)}…` : line}`;
}

import { getIDToken } from '@actions/core';
import { orAborted } from '../../ports/or-aborted.ts';
import { InputError, RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Mint } from './oidc-tokens.ts';
import { TimeLimit } from './time-limit.ts';

/** The client of @actions/core repeats 502, 503 and 504 for about 10 s by itself. */
const withinMs = 30_000;

/** Throws InputError where the job may not ask GitHub for tokens (docs.github.com, "OpenID Connect reference"). */
export function requireIdTokenPermission(env: Readonly<Record<string, string | undefined>>): void {
  if (env['ACTIONS_ID_TOKEN_REQUEST_URL'] && env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']) return;
  const message =
    'is oidc, but this job may not ask GitHub for a token: grant `permissions: id-token: write` to it, and to the job that calls its workflow';
  throw new InputError([{ field: 'cluster-auth', message }]);
}

/** Asks GitHub for a token that is made out to `audience`. Throws RemoteError, which does not hold the client's words. */
export function mintFor(audience: string, clock: Clock): Mint {
  return async () => {
    const limit = new TimeLimit(clock, withinMs);
    limit.start();
    try {
      return await orAborted(getIDToken(audience), limit.signal);
    } catch (cause) {
      throw limit.signal.aborted
        ? failed('no answer in time', { retryable: true, cause })
        : mintError(cause instanceof Error ? cause.message : '', cause);
    } finally {
      limit.end();
    }
  };
}

/** The client's error has the status in its text only. */
function mintError(text: string, cause: unknown): RemoteError {
  if (text.includes('do not have ID Token')) return failed('the answer holds none', { retryable: false, cause });
  const status = Number(/Error Code : (\d{3})/.exec(text)?.[1]) || undefined;
  if (status === undefined) return failed('the connection was lost', { retryable: true, cause });
  return failed(`HTTP ${status}`, { status, retryable: status === 429 || status >= 500, cause });
}

function failed(what: string, options: { status?: number; retryable: boolean; cause: unknown }): RemoteError {
  return new RemoteError('github', `GitHub gave no OIDC token: ${what}`, {
    ...options,
    hint: 'See githubstatus.com, then run the job again.',
  });
}

import { RemoteError } from '../errors/errors.ts';
import type { ActionContext } from './context.ts';
import { within } from './within.ts';

const firstPauseMs = 2_000;
const longestPauseMs = 15_000;
/** A request that is not answered by then is made again: GitHub ends one itself after 10 s (docs.github.com, "Timeouts"). */
const requestMs = 20_000;

/**
 * Asks until there is an answer: every 2 s, rising to 15 s, and never before the time that a rate limit names. What may pass later
 * is passed over. Undefined when there was none by `deadline`, after a last question at that time; when that could not be asked, or
 * a rate limit lasts longer, the error is thrown.
 */
export async function ask<T>(
  question: (signal: AbortSignal) => Promise<T | undefined>,
  deadline: Date,
  context: Pick<ActionContext, 'clock' | 'signal' | 'log'>,
): Promise<T | undefined> {
  const { clock, signal, log } = context;
  const leftMs = () => deadline.getTime() - clock.now().getTime();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    let atLeastMs = 0;
    try {
      const answer = await within(requestMs, context, question, undefined);
      if (answer !== undefined || leftMs() <= 0) return answer;
    } catch (error) {
      if (!(error instanceof RemoteError) || !error.retryable || leftMs() <= 0) throw error;
      atLeastMs = error.retryAfterMs ?? 0;
      if (atLeastMs > leftMs()) throw givenUp(error, atLeastMs);
      log.info(`${error.message}; it is asked again.`);
    }
    await clock.sleep(Math.max(0, Math.min(Math.max(pauseMs, atLeastMs), leftMs())), signal);
  }
}

function givenUp({ system, message, status, hint, retryable, cause }: RemoteError, afterMs: number): RemoteError {
  const why = `it may be asked again after ${Math.ceil(afterMs / 1000)} s, which is longer than is waited here`;
  return new RemoteError(system, `${message}; ${why}`, { status, retryable, hint, cause, retryAfterMs: afterMs });
}

import type { ActionContext } from '@delivery/core/action/context';
import { within } from '@delivery/core/action/within';
import { RemoteError } from '@delivery/core/errors/errors';

const firstPauseMs = 2_000;
const longestPauseMs = 15_000;
/** A request that is not answered by then is made again. */
const requestMs = 60_000;

/**
 * Asks until there is an answer: every 2 s, rising to 15 s. What may pass later is passed over. Undefined when there was none by
 * `deadline`, after a last question at that time; when that could not be asked, its error is thrown.
 */
export async function ask<T>(
  question: (signal: AbortSignal) => Promise<T | undefined>,
  deadline: Date,
  context: Pick<ActionContext, 'clock' | 'signal' | 'log'>,
): Promise<T | undefined> {
  const { clock, signal, log } = context;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const left = deadline.getTime() - clock.now().getTime();
    try {
      const answer = await within(requestMs, context, question, undefined);
      if (answer !== undefined || left <= 0) return answer;
    } catch (error) {
      if (!(error instanceof RemoteError) || !error.retryable || left <= 0) throw error;
      log.info(`${error.message}; it is asked again.`);
    }
    await clock.sleep(Math.min(pauseMs, left), signal);
  }
}

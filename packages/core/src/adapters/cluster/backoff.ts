import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';

const longestPauseMs = 3_000;

/** How long to wait after so many failures in a row: 50 to 100 ms, then twice as long each time, with jitter. */
export function pauseMs(failures: number): number {
  const ceiling = Math.min(longestPauseMs, 50 * 2 ** failures);
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

/** Repeats what failed for a reason that may pass, until `withinMs` are over; then the last error is thrown. */
export async function retrying<T>(
  clock: Clock,
  withinMs: number,
  signal: AbortSignal,
  attempt: (earlier: RemoteError | undefined) => Promise<T>,
): Promise<T> {
  const until = clock.now().getTime() + withinMs;
  let earlier: RemoteError | undefined;
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt(earlier);
    } catch (error) {
      signal.throwIfAborted();
      const pause = pauseMs(failures);
      const passes = error instanceof RemoteError && error.retryable;
      if (!passes || clock.now().getTime() + pause > until) throw error;
      earlier = error;
      await clock.sleep(pause, signal);
    }
  }
}

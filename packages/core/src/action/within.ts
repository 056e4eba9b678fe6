import type { Clock } from '../ports/clock.ts';

/**
 * Runs `act` with a signal that is aborted after `ms` as well, or when `signal` is. Gives its result, or `late` when the time was
 * over before it; what it throws otherwise is thrown on.
 */
export async function within<T, Late>(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  act: (signal: AbortSignal) => Promise<T>,
  late: Late,
): Promise<T | Late> {
  const ended = new AbortController();
  const over = new AbortController();
  clock.sleep(ms, AbortSignal.any([signal, ended.signal])).then(
    () => over.abort(new Error('the time is over')),
    () => undefined,
  );
  try {
    return await act(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (over.signal.aborted && !signal.aborted) return late;
    throw error;
  } finally {
    ended.abort();
  }
}

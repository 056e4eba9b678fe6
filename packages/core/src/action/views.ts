import type { Clock } from '../ports/clock.ts';

/** Views of a thing that is watched, which can be waited for with a limit: grace and deadlines pass without anything changing. */
export interface Views<View> {
  /** The newest view: the next one, or after `ms` the last one again; undefined when there has been none. */
  next(ms: number): Promise<View | undefined>;
  stop(): void;
}

/** `watch` gives view after view and never ends by itself. Rejects with the signal's reason as soon as it is aborted. */
export function viewsAndTimers<View>(
  watch: (signal: AbortSignal) => AsyncIterable<View>,
  clock: Clock,
  signal: AbortSignal,
): Views<View> {
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  const iterator = watch(either)[Symbol.asyncIterator]();
  let last: View | undefined;
  let pending: Promise<IteratorResult<View>> | undefined;
  return {
    async next(ms) {
      pending ??= iterator.next();
      const timer = new AbortController();
      const passed = clock.sleep(ms, AbortSignal.any([either, timer.signal])).then(
        () => 'passed' as const,
        (error: unknown) => {
          if (timer.signal.aborted) return 'passed' as const;
          throw error;
        },
      );
      try {
        const first = await Promise.race([pending, passed]);
        if (first === 'passed') return last;
        pending = undefined;
        if (first.done) throw new TypeError('a watch ended by itself');
        last = first.value;
        return last;
      } finally {
        timer.abort();
      }
    },
    stop() {
      stopped.abort(new Error('nobody waits any more'));
      pending?.catch(() => undefined);
    },
  };
}

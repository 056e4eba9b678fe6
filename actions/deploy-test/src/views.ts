import type { NamespaceView } from '@delivery/core/domain/workload';
import type { Clock } from '@delivery/core/ports/clock';
import type { Cluster } from '@delivery/core/ports/cluster';

/** Views of a namespace that can be waited for with a limit: grace and deadlines pass without anything changing. */
export interface Views {
  /** The newest view: the next one, or after `ms` the last one again; undefined when there has been none. */
  next(ms: number): Promise<NamespaceView | undefined>;
  stop(): void;
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function viewsAndTimers(cluster: Cluster, namespace: string, clock: Clock, signal: AbortSignal): Views {
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  const iterator = cluster.watchNamespace(namespace, either)[Symbol.asyncIterator]();
  let last: NamespaceView | undefined;
  let pending: Promise<IteratorResult<NamespaceView>> | undefined;
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
        if (first.done) throw new TypeError('the watch of a namespace ended by itself');
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

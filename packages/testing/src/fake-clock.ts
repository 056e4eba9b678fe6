import type { Clock } from '@delivery/core/ports/clock';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = Date.parse('2026-09-15T16:00:00Z');
  readonly #sleepers = new Set<Sleeper>();

  now(): Date {
    return new Date(this.#now);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const sleeper: Sleeper = { until: this.#now + ms, wake: () => end(resolve) };
      const abort = () => end(() => reject(signal.reason as Error));
      const end = (settle: () => void) => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', abort);
        settle();
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** How many wait. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Lets time pass, waking who is due in the order of their times; what they do then happens before the next is woken. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = [...this.#sleepers].filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#now = end;
    await settled();
  }

  /** What `running` gives, letting as much time pass as it takes, `stepMs` at a time; at most `limitMs`, then it throws. */
  async passUntil<T>(running: Promise<T>, limitMs: number, stepMs = 1_000): Promise<T> {
    const ended = { yet: false };
    const mark = () => void (ended.yet = true);
    running.then(mark, mark);
    for (let passed = 0; !ended.yet && passed <= limitMs; passed += stepMs) await this.advance(stepMs);
    if (!ended.yet) throw new Error('the run did not end');
    return running;
  }
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

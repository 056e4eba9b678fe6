import type { Clock } from '../../ports/clock.ts';

/** Aborts its signal when so much time has gone by since its last start, or at its end. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #over = new AbortController();
  #stop = new AbortController();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  start(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#clock.sleep(this.#ms, this.#stop.signal).then(
      () => this.#over.abort(Object.assign(new Error('late'), { code: 'TIMEOUT' })),
      () => {},
    );
  }

  end(): void {
    this.#stop.abort();
    this.#over.abort();
  }
}

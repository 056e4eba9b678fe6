/** Time. Every wait takes a clock, so that tests need not sleep. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

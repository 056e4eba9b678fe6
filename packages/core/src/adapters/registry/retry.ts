import type { Clock } from '../../ports/clock.ts';
import { RegistryError } from './failure.ts';

const maxTries = 6;
const firstDelayMs = 500;
/** A registry that asks for a longer pause than this is not waited for: the reader should know now. */
const maxRetryAfterMs = 5 * 60_000;

/**
 * Six tries: 0.5, 1, 2, 4, 8 s between, half of each at random, so that builds which failed together do not come again together.
 * What the server asks for by Retry-After goes before.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #failed = 0;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Waits before what failed is tried again. Throws `error` when that cannot help, or has not helped six times. */
  async after(error: unknown): Promise<void> {
    if (!(error instanceof RegistryError) || !error.retryable) throw error;
    const { retryAfterMs } = error;
    if (retryAfterMs !== undefined && retryAfterMs > maxRetryAfterMs) {
      throw givenUp(
        error,
        `it asks to come again in ${Math.ceil(retryAfterMs / 1000)} s, which is too long to wait here`,
      );
    }
    this.#failed++;
    if (this.#failed === maxTries) throw givenUp(error, `tried ${maxTries} times`);
    await this.#clock.sleep(Math.max(retryAfterMs ?? 0, backoff(this.#failed)), this.#signal);
  }
}

/** Tries until it succeeds, fails for good, or Patience is at its end. */
export async function withRetries<T>(clock: Clock, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const patience = new Patience(clock, signal);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      await patience.after(error);
    }
  }
}

function givenUp(error: RegistryError, why: string): RegistryError {
  const { status, hint } = error;
  return new RegistryError(`${error.message}; ${why}`, { status, hint, retryable: true, cause: error.cause });
}

function backoff(tries: number): number {
  const delay = firstDelayMs * 2 ** (tries - 1);
  return delay / 2 + (Math.random() * delay) / 2;
}

/**
 * Retry-After (RFC 9110, section 10.2.3), seconds or an HTTP-date, as milliseconds from now. A date is compared with the
 * server's own clock where it gives one; undefined when there is none or it cannot be read.
 */
export function readRetryAfter(headers: Headers, now: Date): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  if (Number.isNaN(date) || !/[a-z]{3}/i.test(text)) return undefined;
  const theirNow = Date.parse(headers.get('date') ?? '');
  return Math.max(0, date - (Number.isNaN(theirNow) ? now.getTime() : theirNow));
}

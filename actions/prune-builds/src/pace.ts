import type { Clock } from '@delivery/core/ports/clock';

const windowMs = 60_000;
/** What the clocks and ways of two requests may differ by. */
const marginMs = 1_000;

/** What a request costs (docs.github.com, "Rate limits for the REST API", "Calculating points for the secondary rate limit"). */
export const points = { read: 1, write: 5 } as const;
const pointsPerWindow = 900;

/** Keeps requests below GitHub's points for a minute: 180 deletions. */
export class Pace {
  readonly #clock: Clock;
  #spent: { readonly at: number; readonly cost: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when a request of that cost may be sent, and counts it. */
  async spend(cost: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#clock.now().getTime();
      this.#spent = this.#spent.filter(({ at }) => at > now - windowMs - marginMs);
      const sum = this.#spent.reduce((total, spent) => total + spent.cost, cost);
      const [oldest] = this.#spent;
      if (sum <= pointsPerWindow || !oldest) {
        this.#spent.push({ at: now, cost });
        return;
      }
      await this.#clock.sleep(oldest.at + windowMs + marginMs - now, signal);
    }
  }
}

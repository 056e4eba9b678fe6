import type { Clock } from '@delivery/core/ports/clock';

export interface RateLimitOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Requests of a GITHUB_TOKEN in an hour. */
  readonly perHour?: number;
  /** Points in a minute: 5 for what writes, 1 for what reads. */
  readonly pointsPerMinute?: number;
}

export interface Limited {
  /** A sentence of GitHub's when the request is refused. */
  readonly refused: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** GitHub's two limits for one token (docs.github.com, "Rate limits for the REST API"). */
export class RateLimits {
  /** How often a request was refused. */
  refusals = 0;
  /** Requests that were let through. */
  requests = 0;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #perHour: number;
  readonly #pointsPerMinute: number;
  #spent: { readonly at: number; readonly points: number }[] = [];
  #hour = { resets: 0, left: 0 };

  constructor({ clock, perHour = 1000, pointsPerMinute = 900 }: RateLimitOptions) {
    this.#clock = clock;
    this.#perHour = perHour;
    this.#pointsPerMinute = pointsPerMinute;
  }

  /** Milliseconds, by the server's clock. */
  now(): number {
    return this.#clock.now().getTime();
  }

  take(writes: boolean): Limited {
    const now = this.now();
    if (now >= this.#hour.resets) this.#hour = { resets: now + hourMs, left: this.#perHour };
    this.#spent = this.#spent.filter(({ at }) => at > now - minuteMs);
    const points = this.#spent.reduce((sum, spent) => sum + spent.points, writes ? 5 : 1);
    if (this.#hour.left === 0) return this.#refuse('API rate limit exceeded for installation ID 1.', {});
    if (points > this.#pointsPerMinute)
      return this.#refuse('You have exceeded a secondary rate limit.', { 'retry-after': '60' });
    this.#hour.left -= 1;
    this.requests += 1;
    this.#spent.push({ at: now, points: writes ? 5 : 1 });
    return { refused: undefined, headers: this.#headers() };
  }

  #refuse(refused: string, more: Readonly<Record<string, string>>): Limited {
    this.refusals += 1;
    return { refused, headers: { ...this.#headers(), ...more } };
  }

  #headers(): Record<string, string> {
    return {
      date: this.#clock.now().toUTCString(),
      'x-ratelimit-limit': String(this.#perHour),
      'x-ratelimit-remaining': String(this.#hour.left),
      'x-ratelimit-reset': String(Math.ceil(this.#hour.resets / 1000)),
    };
  }
}

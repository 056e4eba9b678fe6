import type { LogLine } from './log-lines.ts';

/** So many stamps are known one by one: enough that lines of stdout and stderr out of order are never further apart. */
const recentStamps = 20_000;

/** Remembers what of a log was handed over, so that after a lost connection one can go on from there. */
export class LogMemory {
  #recent: string[] = [];
  /** The newest stamp that is not among the recent ones any more. */
  #forgotten = '';

  /** Whole seconds from where on to ask again, by the last line handed over; undefined: from the beginning. */
  since(): string | undefined {
    const last = this.#recent.at(-1);
    if (last === undefined) return undefined;
    // One second more: the lines before may be stamped a little later or earlier than their place says.
    const time = Math.floor(Date.parse(last) / 1000) * 1000 - 1000;
    return `${new Date(time).toISOString().slice(0, 19)}Z`;
  }

  /** For one more answer, which begins somewhere before the last line handed over, or after it when the file was rotated. */
  sieve(): LogSieve {
    return new LogSieve(this, this.#recent, this.#forgotten);
  }

  remember(stamp: string): void {
    this.#recent.push(stamp);
    if (this.#recent.length < 2 * recentStamps) return;
    const old = this.#recent.slice(0, recentStamps);
    this.#forgotten = old.reduce((newest, one) => (one > newest ? one : newest), this.#forgotten);
    this.#recent = this.#recent.slice(recentStamps);
  }
}

/** Lets through what was not handed over before: by stamps and how often each was seen, never by the number of lines. */
export class LogSieve {
  readonly #memory: LogMemory;
  readonly #known = new Map<string, number>();
  readonly #forgotten: string;
  readonly #last: string;
  #held: LogLine | undefined;
  #isFirst = true;
  #hasNews = false;

  constructor(memory: LogMemory, recent: readonly string[], forgotten: string) {
    this.#memory = memory;
    this.#forgotten = forgotten;
    this.#last = recent.at(-1) ?? '';
    for (const stamp of recent) this.#known.set(stamp, (this.#known.get(stamp) ?? 0) + 1);
  }

  /** The texts that are new. A line without a stamp is not the container's. */
  pass(lines: readonly LogLine[]): string[] {
    return lines.filter(({ stamp }) => stamp !== '').flatMap((line) => this.#pass(line));
  }

  /** The line that waits to be told by the next one, when there is none. */
  end(): string[] {
    return this.#release();
  }

  #pass(line: LogLine): string[] {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (this.#isKnown(line.stamp)) {
      this.#held = undefined;
      return [];
    }
    if (isFirst && line.stamp < this.#last) {
      // A line may be written in parts, each with a stamp: this is the end of one that began before the time asked for, so it was
      // handed over whole - unless the file was rotated, so that no line follows that is known.
      this.#held = line;
      return [];
    }
    const held = this.#release();
    this.#memory.remember(line.stamp);
    this.#hasNews = true;
    return [...held, line.text];
  }

  #isKnown(stamp: string): boolean {
    const times = this.#known.get(stamp) ?? 0;
    if (times > 0) this.#known.set(stamp, times - 1);
    // Only until the first new line: all that comes after it is new, even if the node's clock was set back.
    return times > 0 || (!this.#hasNews && stamp <= this.#forgotten);
  }

  #release(): string[] {
    const held = this.#held;
    this.#held = undefined;
    if (!held) return [];
    this.#memory.remember(held.stamp);
    return [held.text];
  }
}

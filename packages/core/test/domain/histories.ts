import type { Digest } from '../../src/domain/digest.ts';
import type { Inventory } from '../../src/domain/retention-inventory.ts';
import type { RetentionRule } from '../../src/domain/retention-rule.ts';
import { digest, InventoryBuilder } from './inventories.ts';

export interface History {
  readonly inventory: Inventory;
  readonly rule: RetentionRule;
  readonly now: Date;
}

const msPerHour = 3_600_000;
const msPerDay = 24 * msPerHour;

/** Zones whose offset is worked out here and not by Intl: hours from UTC by the published rules. */
export const offsets: Readonly<Record<string, (time: number) => number>> = {
  UTC: () => 0,
  'Asia/Kolkata': () => 5.5,
  'Pacific/Kiritimati': () => 14,
  'Pacific/Niue': () => -11,
  // The last Sundays of March and October, 01:00 UTC.
  'Europe/London': (time) => (isBetween(time, lastSunday(time, 2, 1), lastSunday(time, 9, 1)) ? 1 : 0),
  // The second Sunday of March, 07:00 UTC, and the first of November, 06:00 UTC.
  'America/New_York': (time) => (isBetween(time, sunday(time, 2, 8, 7), sunday(time, 10, 1, 6)) ? -4 : -5),
  // The first Sundays of April and October, 15:30 and 15:00 UTC of the Saturdays before: half an hour.
  'Australia/Lord_Howe': (time) => (isBetween(time, sunday(time, 3, 1, -9), sunday(time, 9, 1, -8.5)) ? 10.5 : 11),
};

/** Days on which those clocks change in 2026 and 2027, and two on which nothing happens. */
const turns = [
  ...['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'],
  ...['2027-03-14', '2027-03-28', '2027-10-31', '2027-11-07', '2026-12-25', '2026-07-01'],
];

/** `YYYY-MM-DD` there. */
export function localDay(time: Date, zone: string): string {
  const at = time.getTime();
  return new Date(at + offsets[zone]!(at) * msPerHour).toISOString().slice(0, 10);
}

/** A repository after some weeks of builds, indexes, signatures, promotions and what somebody did by hand. */
export function makeHistory(random: () => number): History {
  return new Maker(random).make();
}

class Maker {
  readonly #random: () => number;
  readonly #builder = new InventoryBuilder();
  readonly #images: Digest[] = [];
  readonly #parts: Digest[] = [];
  readonly #zone: string;
  readonly #now: Date;

  constructor(random: () => number) {
    this.#random = random;
    this.#zone = this.#pick(Object.keys(offsets));
    this.#now = new Date(Date.parse(this.#pick(turns)) + (this.#below(20) - 8) * msPerDay + this.#below(msPerDay));
  }

  make(): History {
    const count = 1 + this.#below(24);
    for (let number = 1; number <= count; number += 1) this.#build(number);
    this.#builder.tags.set('latest', this.#chance(0.9) ? this.#images.at(-1)! : this.#pick(this.#images));
    this.#times(6, (at) => this.#attach(this.#anything(), at));
    this.#times(3, () => this.#builder.tags.set(this.#pick(['keep', 'v2', 'main']), this.#anything()));
    this.#use(count);
    this.#times(4, (at) => this.#leave(at));
    return { inventory: this.#builder.inventory(), rule: this.#rule(), now: this.#now };
  }

  #build(number: number): void {
    const platforms = this.#chance(0.4) ? [digest(`amd64 of ${number}`), digest(`arm64 of ${number}`)] : [];
    const children = [...platforms, ...(this.#chance(0.15) ? [digest('shared platform')] : [])];
    if (this.#chance(0.1) && this.#images.length > 0) children.push(this.#pick(this.#images));
    this.#parts.push(...platforms);
    const image = this.#builder.build(number, this.#chance(0.05) ? undefined : this.#time(), {
      children,
      ...(this.#chance(0.15) && { number: this.#pick([undefined, number + 1]) }),
      ...(children.length === 0 && { config: digest(`config of ${number}`) }),
    });
    this.#images.push(image);
    if (!this.#chance(0.1)) return;
    // The tag of this build on another one: then nothing leads to this one any more.
    const other = this.#pick(this.#images);
    this.#builder.tags.set(`latest-${number}`, other);
    if (other !== image) this.#builder.manifests.delete(this.#images.pop()!);
  }

  #use(count: number): void {
    const builder = this.#builder;
    this.#times(4, () => {
      const config = digest(`config of ${1 + this.#below(count)}`);
      builder.running.set(this.#chance(0.2) ? config : this.#anything(), 'a pod');
    });
    if (this.#chance(0.6)) builder.stable = this.#pick(this.#images);
    this.#times(3, (at) => builder.versions.set(this.#pick(this.#images), `2026.08.${at}`));
    builder.promoted = [...new Set(Array.from({ length: this.#below(8) }, () => this.#pick(this.#images)))];
  }

  #attach(subject: Digest, at: number): void {
    const builder = this.#builder;
    const record = builder.put(digest(`record ${at}`), this.#chance(0.7) ? { subject } : {});
    if (this.#chance(0.5)) builder.named(subject, '', { children: [record] });
    const list = digest('the same list');
    if (this.#chance(0.3)) builder.tags.set(`${subject.replace(':', '-')}.sbom`, builder.put(list));
    if (this.#chance(0.3)) builder.named(subject, '.sig', this.#chance(0.5) ? { subject: record } : {});
    if (this.#chance(0.1)) builder.tags.set('by-hand', record);
  }

  /** By an earlier run, which has come to some of it. */
  #leave(at: number): void {
    const { leftovers, manifests, gone } = this.#builder;
    const left = this.#chance(0.5) ? digest(`gone ${at}`) : this.#anything();
    leftovers.add(left);
    if (manifests.has(left) || this.#parts.includes(left)) return;
    gone.add(left);
    this.#attach(left, 10 + at);
  }

  #rule(): RetentionRule {
    const daysAgo = () => new Date(this.#now.getTime() - this.#below(30) * msPerDay).toISOString().slice(0, 10);
    return {
      workingDays: this.#below(12),
      atLeast: this.#below(12),
      keepPromoted: this.#below(5),
      timeZone: this.#zone,
      holidays: Array.from({ length: this.#below(6) }, daysAgo),
    };
  }

  /** Within a month, often a millisecond beside midnight there. */
  #time(): Date {
    const time = this.#now.getTime() - this.#below(30) * msPerDay + this.#below(msPerDay);
    if (this.#chance(0.5)) return new Date(time);
    const offset = offsets[this.#zone]!;
    const midnight = Date.parse(`${localDay(new Date(time), this.#zone)}T00:00:00Z`);
    return new Date(midnight - offset(midnight - offset(midnight) * msPerHour) * msPerHour + this.#below(3) - 1);
  }

  #anything(): Digest {
    return this.#pick(this.#chance(0.3) && this.#parts.length > 0 ? this.#parts : this.#images);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #times(limit: number, act: (at: number) => void): void {
    for (let at = this.#below(limit); at > 0; at -= 1) act(at);
  }
}

function isBetween(time: number, from: number, to: number): boolean {
  return time >= from && time < to;
}

/** The first Sunday on or after a day of a month, so many hours after its midnight in UTC. */
function sunday(time: number, month: number, from: number, hour: number): number {
  const day = new Date(Date.UTC(new Date(time).getUTCFullYear(), month, from));
  return day.getTime() + ((7 - day.getUTCDay()) % 7) * msPerDay + hour * msPerHour;
}

function lastSunday(time: number, month: number, hour: number): number {
  return sunday(time, month, 25, hour);
}

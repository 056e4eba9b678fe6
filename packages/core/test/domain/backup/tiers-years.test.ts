import { describe, expect, test } from '@jest/globals';
import { randomOf } from '@delivery/testing/random';
import type { Keep, KeptBackup, Tier } from '../../../src/domain/backup/tiers.ts';
import { defaultKeep, dueTiers, keptBy } from '../../../src/domain/backup/tiers.ts';

const minute = 60_000;
const hour = 60 * minute;

/**
 * The rule again, written from restic's documentation alone and in another way: backups are put into drawers by period, the
 * drawers are sorted, and of the last so many the newest backup is taken.
 */
function oracle(backups: readonly KeptBackup[], keep: Keep): Map<string, Set<Tier>> {
  const kept = new Map<string, Set<Tier>>();
  const keepIt = (tier: Tier, { name }: KeptBackup) => kept.set(name, (kept.get(name) ?? new Set()).add(tier));
  const scheduled = backups.filter((backup) => !backup.manual);
  const oldest = scheduled.reduce<KeptBackup | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined);
  for (const tier of ['hourly', 'daily', 'weekly', 'monthly'] as const) {
    const drawers = new Map<number, KeptBackup>();
    for (const backup of scheduled) {
      const drawer = startOf(tier, backup.at);
      const there = drawers.get(drawer);
      if (!there || there.at < backup.at) drawers.set(drawer, backup);
    }
    const last = [...drawers.keys()].sort((a, b) => b - a).slice(0, keep[tier]);
    for (const drawer of last) keepIt(tier, drawers.get(drawer)!);
    if (last.length < keep[tier] && oldest) keepIt(tier, oldest);
  }
  const manual = backups.filter((backup) => backup.manual).sort((a, b) => Number(b.at) - Number(a.at));
  for (const backup of manual.slice(0, keep.manual)) keepIt('manual', backup);
  return kept;
}

function told(kept: ReadonlyMap<string, Iterable<Tier>>): string {
  return [...kept]
    .map(([name, tiers]) => `${name}: ${[...tiers].join(' ')}`)
    .sort()
    .join('\n');
}

/** The first moment of the period, from the fields of the date. */
function startOf(tier: Exclude<Tier, 'manual'>, at: Date): number {
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  if (tier === 'hourly') return Date.UTC(year, month, day, at.getUTCHours());
  if (tier === 'daily') return Date.UTC(year, month, day);
  if (tier === 'weekly') return Date.UTC(year, month, day - ((at.getUTCDay() + 6) % 7));
  return Date.UTC(year, month);
}

/** The starts of a schedule at minute 5 of each hour of London's clock: an hour is missing in spring, one comes twice in autumn. */
function* starts(from: Date, until: Date, random: () => number): Generator<{ at: Date; manual: boolean }> {
  const london = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' });
  let seenHour = '';
  for (let time = from.getTime() + 5 * minute; time < until.getTime(); time += hour) {
    const wallHour = london.format(time);
    // A scheduler of wall clocks may start the hour that comes twice only once.
    const twice = wallHour === seenHour;
    seenHour = wallHour;
    if (random() < 0.1 || (twice && random() < 0.5)) continue; // dropped
    const late = random() < 0.2 ? random() * 6 * hour : 0;
    const skew = (random() - 0.5) * 20 * minute;
    yield { at: new Date(time + late + skew), manual: false };
    if (random() < 0.05) yield { at: new Date(time + late + skew + random() * 30 * minute), manual: false }; // doubled
    if (random() < 0.01) yield { at: new Date(time + late + random() * 59 * minute), manual: true };
  }
}

describe.each([
  ['by default', defaultKeep],
  ['with other numbers', { hourly: 3, daily: 10, weekly: 0, monthly: 2, manual: 1 }],
])('two years of hourly runs, %s', (_what, keep) => {
  const random = randomOf(20_261_123);
  const runs = [...starts(new Date('2025-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z'), random)];
  runs.sort((a, b) => Number(a.at) - Number(b.at));

  test('keep after each run what the published rule keeps, and make one backup for each period', () => {
    let there: KeptBackup[] = [];
    const hours = new Map<number, number>();
    const different: string[] = [];
    let skipped = 0;
    for (const { at, manual } of runs) {
      if (!manual && dueTiers(there, keep, at).length === 0) {
        skipped += 1;
        continue;
      }
      const drawer = startOf('hourly', at);
      if (!manual) hours.set(drawer, (hours.get(drawer) ?? 0) + 1);
      there.push({ name: `${at.toISOString()}${manual ? ' manual' : ''}`, at, manual });
      const kept = keptBy(there, keep);
      if (told(kept) !== told(oracle(there, keep))) different.push(at.toISOString());
      there = there.filter(({ name }) => kept.has(name));
    }
    expect(different).toEqual([]);
    expect(skipped).toBeGreaterThan(500);
    expect(Math.max(...hours.values())).toBe(1);
    expect(hours.size).toBeGreaterThan(12_000);
    const counts = (tier: Tier) => [...keptBy(there, keep).values()].filter((tiers) => tiers.includes(tier)).length;
    expect({
      hourly: counts('hourly'),
      daily: counts('daily'),
      weekly: counts('weekly'),
      monthly: counts('monthly'),
      manual: counts('manual'),
    }).toEqual(keep);
  });
});

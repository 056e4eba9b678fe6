import type { Keep, Tier } from '@delivery/core/domain/backup/tiers';
import type { Copy } from '../../src/off-site/copies.ts';
import { parseCopy } from '../../src/off-site/copies.ts';
import { surplusOf } from '../../src/off-site/surplus.ts';

const keep: Keep = { hourly: 3, daily: 2, weekly: 0, monthly: 0, manual: 1 };

function name(hour: number, { database = 'fragalysis', day = 23 } = {}): string {
  return `backup-2026-11-${day}T${String(hour).padStart(2, '0')}:05:00Z-${database}.sql.zst`;
}

function copies(tier: Tier, ...names: readonly string[]): Copy[] {
  return names.flatMap((file) => [parseCopy(`${tier}/${file}`)!, parseCopy(`${tier}/${file}.json`)!]);
}

const here = [...copies('hourly', name(10), name(11), name(12)), ...copies('daily', name(12), name(10, { day: 22 }))];

test('nothing goes when both sides are the same', () => {
  expect(surplusOf(here, here, keep)).toEqual({ paths: [] });
});

test('what the volume has given up goes, with its manifest, from the tier that gave it up', () => {
  const there = [...here, ...copies('hourly', name(9)), ...copies('daily', name(11))];
  expect(surplusOf(here, there, keep)).toEqual({
    paths: [`hourly/${name(9)}`, `hourly/${name(9)}.json`, `daily/${name(11)}`, `daily/${name(11)}.json`],
  });
});

test('after the loss of the volume everything stays that the tiers would have kept', () => {
  const fresh = [...copies('hourly', name(13)), ...copies('daily', name(13))];
  expect(surplusOf(fresh, here, keep)).toEqual({
    paths: [
      // three hours and two days are kept: 13, 12, 11 and, of yesterday, 10
      ...[`hourly/${name(10)}`, `hourly/${name(10)}.json`],
      ...[`daily/${name(12)}`, `daily/${name(12)}.json`],
    ],
  });
});

test('what the rule keeps for a tier it does not lie in there stays where it lies', () => {
  const there = copies('hourly', name(8, { day: 22 }));
  const now = copies('hourly', name(10), name(11), name(12));
  expect(surplusOf(now, there, keep)).toEqual({ paths: [] });
});

test('copies of other databases are not its business', () => {
  const others = copies('hourly', ...[1, 2, 3].map((hour) => name(hour, { database: 'other' })));
  expect(surplusOf(here, [...here, ...others], keep)).toEqual({ paths: [] });
});

test('what broken transfers have left goes', () => {
  const rests = [`hourly/.rsync-partial/${name(12)}`, `hourly/.${name(9)}.Ab3x9q`];
  expect(surplusOf(here, [...here, ...rests.map((path) => parseCopy(path)!)], keep)).toEqual({ paths: rests });
});

test('a manifest whose backup is not there goes, and counts for nothing', () => {
  const there = [parseCopy(`hourly/${name(9)}.json`)!, parseCopy(`daily/${name(9)}.json`)!];
  expect(surplusOf(here, there, keep)).toEqual({ paths: [`hourly/${name(9)}.json`, `daily/${name(9)}.json`] });
});

test('never more backups go than stay', () => {
  const old = copies('hourly', ...[1, 2, 3, 4, 5].map((hour) => name(hour)));
  expect(surplusOf(here, [...here, ...old], keep)).toEqual({ refused: '5 old backups there would go and only 4 stay' });
  expect(surplusOf(here, [...here, ...old.slice(2)], keep)).toHaveProperty('paths.length', 8);
});

test('of manual ones the newest stay', () => {
  const there = copies('manual', name(6), name(7));
  expect(surplusOf(here, there, keep)).toEqual({ paths: [`manual/${name(6)}`, `manual/${name(6)}.json`] });
});

import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Keep, KeptBackup } from '../../../src/domain/backup/tiers.ts';
import { defaultKeep, dueTiers, keptBy } from '../../../src/domain/backup/tiers.ts';

/** What restic itself kept of these backups: written by bench/tiers.ts. */
const restic = JSON.parse(readFileSync(join(import.meta.dirname, 'restic.json'), 'utf8')) as {
  readonly backups: readonly string[];
  readonly told: readonly { readonly keep: Keep; readonly kept: readonly string[] }[];
};

const none: Keep = { hourly: 0, daily: 0, weekly: 0, monthly: 0, manual: 0 };

function backup(at: string, manual = false): KeptBackup {
  return { name: at, at: new Date(`${at}Z`), manual };
}

function kept(keep: Partial<Keep>, ...ats: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    keptBy(
      ats.map((at) => backup(at)),
      { ...none, ...keep },
    ),
  );
}

describe('which backups stay', () => {
  test('the newest of each of the last hours that have one, whatever lies between', () => {
    const ats = ['2026-11-22T03:05', '2026-11-23T05:05', '2026-11-23T07:05', '2026-11-23T07:50'];
    expect(kept({ hourly: 2 }, ...ats)).toEqual({ '2026-11-23T07:50': ['hourly'], '2026-11-23T05:05': ['hourly'] });
  });

  test('one backup may be kept by several tiers', () => {
    expect(kept({ hourly: 1, daily: 1, weekly: 1, monthly: 1 }, '2026-11-23T07:05')).toEqual({
      '2026-11-23T07:05': ['hourly', 'daily', 'weekly', 'monthly'],
    });
  });

  test('weeks are those of ISO 8601: Sunday ends one, and a week may lie in two years', () => {
    // 2026-01-04 is the Sunday of the week that began on 2025-12-29.
    const ats = ['2025-12-29T00:00', '2026-01-04T23:59', '2026-01-05T00:00'];
    expect(kept({ weekly: 2 }, ...ats)).toEqual({ '2026-01-05T00:00': ['weekly'], '2026-01-04T23:59': ['weekly'] });
  });

  test('a tier that is not full keeps the oldest backup too, a full one does not', () => {
    const ats = ['2026-11-21T01:05', '2026-11-21T02:05', '2026-11-22T02:05'];
    expect(kept({ daily: 3 }, ...ats)).toEqual(Object.fromEntries(ats.map((at) => [at, ['daily']])));
    expect(Object.keys(kept({ daily: 2 }, ...ats))).toEqual(['2026-11-22T02:05', '2026-11-21T02:05']);
  });

  test('a manual one does not displace the one of its hour; without a number of their own they are as any other', () => {
    const all = [backup('2026-11-23T10:05'), backup('2026-11-23T10:30', true)];
    expect([...keptBy(all, { ...none, hourly: 1, manual: 1 }).keys()].sort()).toEqual(all.map(({ name }) => name));
    expect([...keptBy(all, { ...none, hourly: 1 }).keys()]).toEqual(['2026-11-23T10:30']);
  });

  test('manual ones stay by number, however many scheduled ones came after', () => {
    const all = [
      backup('2026-11-20T10:00', true),
      backup('2026-11-20T10:05'),
      backup('2026-11-20T11:00', true),
      backup('2026-11-20T11:05'),
      backup('2026-11-21T10:00', true),
      backup('2026-11-23T10:05'),
    ];
    expect(Object.fromEntries(keptBy(all, { ...none, hourly: 1, manual: 2 }))).toEqual({
      '2026-11-23T10:05': ['hourly'],
      '2026-11-21T10:00': ['manual'],
      '2026-11-20T11:00': ['manual'],
    });
  });

  test.each(restic.told)('as restic 0.17.3 has it with $keep', ({ keep, kept }) => {
    expect(
      [
        ...keptBy(
          restic.backups.map((at) => backup(at)),
          keep,
        ).keys(),
      ].sort(),
    ).toEqual(kept);
  });

  test('nothing is kept of nothing', () => {
    expect(keptBy([], defaultKeep).size).toBe(0);
  });
});

describe('which tiers are due', () => {
  const now = new Date('2026-11-23T07:05:00Z'); // a Monday

  test.each<[string, string, readonly string[]]>([
    ['2026-11-23T07:00', 'in this hour', []],
    ['2026-11-23T06:59', 'an hour ago', ['hourly']],
    ['2026-11-22T23:59', 'on Sunday', ['hourly', 'daily', 'weekly']],
    ['2026-10-31T23:59', 'last month', ['hourly', 'daily', 'weekly', 'monthly']],
  ])('with the newest of %s (%s)', (newest, _when, due) => {
    expect(dueTiers([backup(newest)], defaultKeep, now)).toEqual(due);
  });

  test('is not changed by a manual one', () => {
    expect(dueTiers([backup('2026-11-23T07:00', true)], { ...none, hourly: 1, manual: 1 }, now)).toEqual(['hourly']);
    expect(dueTiers([backup('2026-11-23T07:00', true)], { ...none, hourly: 1 }, now)).toEqual([]);
  });

  test('all of them when there is no backup, but for those that keep nothing', () => {
    expect(dueTiers([], { ...defaultKeep, weekly: 0 }, now)).toEqual(['hourly', 'daily', 'monthly']);
  });
});

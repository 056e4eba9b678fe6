import { planLoad } from '../../src/restore/load-plan.ts';
import type { Survey } from '../../src/restore/survey.ts';

const survey = (sizes: Readonly<Record<string, number>>) => ({
  tables: new Map(
    Object.entries(sizes).map(([name, bytes]) => [name, { bytes, keys: 1, hasFullText: false, last: 1 }]),
  ),
});
const plan = (sizes: Readonly<Record<string, number>>, jobs: number) =>
  planLoad(survey(sizes) as unknown as Survey, undefined, jobs).map((part) => [...part]);

test('gives the longest table to one session and the others to the next', () => {
  expect(plan({ a: 100_000, big: 900_000, b: 300_000, c: 200_000 }, 2)).toEqual([['big'], ['b', 'c', 'a']]);
});

test('gives every table to exactly one session, and opens none for nothing', () => {
  const sizes = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`t${at}`, (at * 7919) % 1000]));
  expect(plan(sizes, 7).flat().sort()).toEqual(Object.keys(sizes).sort());
  expect(plan({ a: 1, b: 1 }, 16)).toHaveLength(2);
  expect(plan({}, 2)).toEqual([[]]);
});

import { formatDuration, parseDuration } from '../../src/domain/duration.ts';

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1h30m', 5_400_000],
  ['1h1m1s', 3_661_000],
  ['0h5s', 5_000],
])('reads %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '0', '0s', '90', 's', '1.5h', '-1m', '1m1h', '1m1m', '1 m', '1d', '500ms', '1M', '10m\n', '12345h'])(
  'refuses %j',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [0, '0.0 s'],
  [340, '0.3 s'],
  [12_300, '12.3 s'],
  [60_000, '1 min 0 s'],
  [123_000, '2 min 3 s'],
  [3_599_700, '1 h 0 min'],
  [3_900_000, '1 h 5 min'],
  [90_000_000, '25 h 0 min'],
])('%d ms are told as %s', (ms, told) => {
  expect(formatDuration(ms)).toBe(told);
});

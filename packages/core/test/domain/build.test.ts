import { buildNumberOfTag, buildNumbers, buildTag, parseBuildNumber } from '../../src/domain/build.ts';

test.each([
  ['1', 1],
  ['412', 412],
  ['999999999', 999_999_999],
])('reads build number %s', (text, number) => {
  expect(parseBuildNumber(text)).toBe(number);
});

test.each(['', '0', '-1', '+1', '007', '1.0', '1e3', ' 1', '1\n', '٣', '1000000000', 'latest-1'])(
  'refuses build number %j',
  (text) => {
    expect(parseBuildNumber(text)).toBeUndefined();
  },
);

test('the tag of a build gives its number back', () => {
  expect(buildTag(412)).toBe('latest-412');
  expect(buildNumberOfTag(buildTag(412))).toBe(412);
});

test.each([
  'latest',
  'latest-',
  'latest-0',
  'latest-012',
  'latest-1-amd64',
  'Latest-1',
  'my-latest-1',
  'stable',
  '412',
])('%s is the tag of no build', (tag) => {
  expect(buildNumberOfTag(tag)).toBeUndefined();
});

test('the numbers among tags of other kinds are ordered by number, not by letter, the highest first', () => {
  expect(buildNumbers(['latest-9', 'latest-10', 'stable', 'latest', 'latest-x', '2026.08.3'])).toEqual([10, 9]);
});

test('without builds there are no numbers', () => {
  expect(buildNumbers(['latest', 'stable'])).toEqual([]);
});

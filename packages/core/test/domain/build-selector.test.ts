import { formatSelector, parseBuildSelector, parsePromotionSelector } from '@delivery/core/domain/build-selector';

const digest = `sha256:${'0'.repeat(64)}`;

describe.each([
  ['a build', parseBuildSelector],
  ['a promotion', parsePromotionSelector],
])('the selector of %s', (_, parse) => {
  it.each([
    ['latest', { kind: 'latest' }],
    ['412', { kind: 'number', number: 412 }],
    ['latest-412', { kind: 'number', number: 412 }],
    [digest, { kind: 'digest', digest }],
  ])('reads %s', (text, selector) => {
    expect(parse(text)).toEqual(selector);
  });

  it.each([
    ...['', '0', '0412', '4.12', 'stable', 'latest-', 'latest-0', 'Latest', 'sha256:abc', digest.toUpperCase(), '1e3'],
    ...[
      ' 412',
      '412\n',
      '-0',
      '-01',
      '--1',
      '-1.0',
      '-99999',
      'previous ',
      'v1.2.3',
      '1.2.3-x',
      '1.2',
      '412;id',
      '$(id)',
    ],
  ])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

it.each([
  ['previous', { kind: 'previous' }],
  ['-1', { kind: 'back', builds: 1 }],
  ['-12', { kind: 'back', builds: 12 }],
  ['2026.08.3', { kind: 'version', version: '2026.08.3' }],
])('reads %s for a promotion only', (text, selector) => {
  expect(parsePromotionSelector(text)).toEqual(selector);
  expect(parseBuildSelector(text)).toBeUndefined();
});

it.each(['latest', 'previous', '412', '-3', '1.2.3', digest])('writes %s as it was read', (text) => {
  expect(formatSelector(parsePromotionSelector(text)!)).toBe(text);
});

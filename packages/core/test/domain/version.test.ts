import { compareVersions, parseVersion } from '@delivery/core/domain/version';

it.each(['1.2.3', '0.0.7', '2026.08.3', '000000001.0.999999999'])('reads %s', (text) => {
  expect(parseVersion(text)).toBe(text);
});

it.each([
  ...[
    '',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '1.2.3-x',
    '1.2.x',
    '1..3',
    '.1.2.3',
    '1.2.3.',
    '-1.2.3',
    '+1.2.3',
    '1.2.3\n',
    ' 1.2.3',
  ],
  ...['1,2,3', '1.2.3\n4.5.6', '1e1.2.3', '１.2.3', '1.2.1234567890', 'latest', '1.2.3;id', '0x1.2.3'],
])('refuses %j', (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

it('sorts by number, not by letter, and by text where the numbers are the same', () => {
  const sorted = ['0.0.7', '1.2.3', '1.2.10', '1.10.0', '2026.08.3', '2026.8.3', '2026.08.12'];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  expect(compareVersions('1.2.3', '1.2.3')).toBe(0);
});

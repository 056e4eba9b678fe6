import { isDigest, shortDigest } from '../../src/domain/digest.ts';

const hex = '0123456789abcdef'.repeat(4);

test('takes sha256 with 64 lower-case hex digits', () => {
  expect(isDigest(`sha256:${hex}`)).toBe(true);
});

test.each([
  ['without its algorithm', hex],
  ['with a digit too few', `sha256:${hex.slice(1)}`],
  ['with a digit too many', `sha256:${hex}0`],
  ['in upper case', `sha256:${hex.toUpperCase()}`],
  ['with what is no hex digit', `sha256:g${hex.slice(1)}`],
  ['of sha512', `sha512:${hex}${hex}`],
  ['with a line feed after it', `sha256:${hex}\n`],
  ['with a space before it', ` sha256:${hex}`],
  ['that is empty', ''],
])('refuses one %s', (_, text) => {
  expect(isDigest(text)).toBe(false);
});

test('is shortened to twelve digits', () => {
  expect(shortDigest(`sha256:${hex}`)).toBe('0123456789ab');
});

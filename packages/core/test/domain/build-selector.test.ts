import { parseBuildSelector } from '@delivery/core/domain/build-selector';

const digest = `sha256:${'0'.repeat(64)}`;

it.each([
  ['latest', { kind: 'latest' }],
  ['412', { kind: 'number', number: 412 }],
  ['latest-412', { kind: 'number', number: 412 }],
  [digest, { kind: 'digest', digest }],
])('reads %s', (text, selector) => {
  expect(parseBuildSelector(text)).toEqual(selector);
});

it.each([
  '',
  '0',
  '-1',
  '0412',
  '4.12',
  'stable',
  'latest-',
  'latest-0',
  'Latest',
  'sha256:abc',
  digest.toUpperCase(),
  '1e3',
  ' 412',
])('refuses %j', (text) => {
  expect(parseBuildSelector(text)).toBeUndefined();
});

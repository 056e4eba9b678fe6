import { nearest, suggest } from '../../../src/domain/delivery/nearest.ts';

const fields = ['cluster', 'namespace', 'follows', 'environment', 'workloads', 'checks'];

test.each([
  ['namspace', 'namespace'],
  ['name-space', 'namespace'],
  ['nmaespace', 'namespace'],
  ['Namespace', 'namespace'],
  ['workload', 'workloads'],
  ['check', 'checks'],
  ['chekcs', 'checks'],
  ['env', 'environment'],
  ['follow', 'follows'],
])('takes %s for %s', (word, meant) => {
  expect(nearest(word, fields)).toBe(meant);
});

test.each(['retention', 'jobs', 'en', '', 'x'.repeat(100)])('takes %s for none of them', (word) => {
  expect(nearest(word, fields)).toBeUndefined();
});

test('of two near ones the nearer is meant, whatever their order', () => {
  expect(nearest('tests', ['test', 'tests-2', 'teste'])).toBe('test');
  expect(nearest('latest-1', ['latest-22', 'latest-1x'])).toBe('latest-1x');
});

test('names all that there are when none is near', () => {
  expect(suggest('loader', ['web', 'graph'])).toBe('; known are web, graph');
  expect(suggest('loader', [])).toBe('; there are none');
});

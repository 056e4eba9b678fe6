import { parseRequestId, requestIdOfRun, titleNames } from '@delivery/core/domain/request-id';

describe('the id of a call', () => {
  it.each(['a', '7', '2026-09-15T16-20260915T161502Z-1a2b', 'a._-', 'x'.repeat(64)])('may be %s', (id) => {
    expect(parseRequestId(id)).toBe(id);
  });

  it.each(['', '-a', '.a', '_a', 'a b', 'a/b', 'a\n', 'é', 'x'.repeat(65), '${{ a }}'])('may not be %j', (id) => {
    expect(parseRequestId(id)).toBeUndefined();
  });

  it.each([
    ['acme/stack', 7001, 2, 'acme-stack-7001-2'],
    ['acme/a b', 1, 1, 'acme-a-b-1-1'],
    ['', 1, 1, 'run-1-1'],
    [`acme/${'x'.repeat(100)}`, 123456789012, 1, `acme-${'x'.repeat(44)}-123456789012-1`],
  ])('of a run of %s is always one', (repository, runId, attempt, id) => {
    expect(requestIdOfRun(repository, runId, attempt)).toBe(id);
    expect(parseRequestId(id)).toBe(id);
  });

  it.each([
    ['Loader, a1', true],
    ['a1', true],
    ['[a1] by hand', true],
    ['Loader a12', false],
    ['Loader ba1', false],
    ['Loader a1.b', false],
    ['Loader a1-2', false],
    ['Loader 2-a1', false],
    ['Loader a1b a1', true],
    ['Loader', false],
  ])('is a whole word of %j: %s', (title, holds) => {
    expect(titleNames(title, 'a1')).toBe(holds);
  });

  it('is taken as it is, dots included', () => {
    expect([titleNames('a.1', 'a.1'), titleNames('ab1', 'a.1')]).toEqual([true, false]);
  });
});

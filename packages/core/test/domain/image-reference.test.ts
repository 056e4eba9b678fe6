import {
  formatReference,
  formatRepository,
  isTag,
  parseImageReference,
  parseRepository,
  sameRepository,
} from '../../src/domain/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;

describe('a repository', () => {
  test.each([
    ['registry.example.org/web', 'registry.example.org', 'web'],
    ['registry.example.org:5000/fragalysis-dev/web-stream', 'registry.example.org:5000', 'fragalysis-dev/web-stream'],
    ['localhost/web', 'localhost', 'web'],
    ['registry:5000/web', 'registry:5000', 'web'],
    ['127.0.0.1:5000/web', '127.0.0.1:5000', 'web'],
    ['[::1]:5000/web', '[::1]:5000', 'web'],
    ['docker.io/library/a__b/c.d/e--f', 'docker.io', 'library/a__b/c.d/e--f'],
  ])('is read from %s', (text, host, path) => {
    expect(parseRepository(text)).toEqual({ host, path });
    expect(formatRepository({ host, path })).toBe(text);
  });

  test.each([
    ['has no host', 'web'],
    ['has a first part that is no host', 'library/web'],
    ['has no path', 'registry.example.org'],
    ['has an empty path', 'registry.example.org/'],
    ['has a scheme', 'https://registry.example.org/web'],
    ['has a tag', 'registry.example.org/web:latest'],
    ['has a digest', `registry.example.org/web@${digest}`],
    ['has upper case in its path', 'registry.example.org/Web'],
    ['has an empty part', 'registry.example.org/dev//web'],
    ['goes up', 'registry.example.org/../web'],
    ['has three underscores', 'registry.example.org/a___b'],
    ['ends with a separator', 'registry.example.org/web-'],
    ['has a port that is no number', 'registry.example.org:x/web'],
    ['has credentials', 'user:password@registry.example.org/web'],
    ['has a query', 'registry.example.org/web?x=1'],
    ['has a space', 'registry.example.org/we b'],
    ['ends with a line feed', 'registry.example.org/web\n'],
    ['has a longer path than a registry takes', `registry.example.org/${'a'.repeat(256)}`],
  ])('is refused when it %s', (_, text) => {
    expect(parseRepository(text)).toBeUndefined();
  });

  test('is the same only with the same host, port and path', () => {
    const web = { host: 'registry.example.org', path: 'dev/web' };
    expect(sameRepository(web, { ...web })).toBe(true);
    expect(sameRepository(web, { ...web, host: 'registry.example.org:443' })).toBe(false);
    expect(sameRepository(web, { ...web, path: 'prod/web' })).toBe(false);
  });
});

describe('a reference', () => {
  const web = { host: 'registry.example.org:5000', path: 'dev/web' };

  test.each([
    ['', {}],
    [':latest-412', { tag: 'latest-412' }],
    [`@${digest}`, { digest }],
    [`:stable@${digest}`, { tag: 'stable', digest }],
  ])('with "%s" after its repository is read and written the same', (suffix, rest) => {
    const text = `registry.example.org:5000/dev/web${suffix}`;
    expect(parseImageReference(text)).toEqual({ ...web, ...rest });
    expect(formatReference({ ...web, ...rest })).toBe(text);
  });

  test.each([
    ['a port alone', 'registry.example.org:5000'],
    ['an empty tag', 'registry.example.org/web:'],
    ['two tags', 'registry.example.org/web:a:b'],
    ['a tag before the path', 'registry.example.org/dev:1/web'],
    ['a digest that is cut', `registry.example.org/web@${digest.slice(0, -1)}`],
    ['an empty digest', 'registry.example.org/web@'],
    ['two digests', `registry.example.org/web@${digest}@${digest}`],
    ['nothing', ''],
  ])('with %s is refused', (_, text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });
});

describe('a tag', () => {
  test.each(['latest', 'latest-412', '2026.08.3', '_', 'A.b-C', 'x'.repeat(128)])('may be %s', (tag) => {
    expect(isTag(tag)).toBe(true);
  });

  test.each(['', '.hidden', '-x', 'a/b', 'a:b', 'a b', 'a\n', 'é', 'x'.repeat(129)])('may not be %j', (tag) => {
    expect(isTag(tag)).toBe(false);
  });
});

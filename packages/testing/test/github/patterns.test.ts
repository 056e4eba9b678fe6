import { matchesFilter } from '@delivery/testing/github/patterns';

describe('filter patterns of branches, tags and paths', () => {
  // From docs.github.com, "Filter pattern cheat sheet".
  it.each([
    ['feature/*', 'feature/my-branch', true],
    ['feature/*', 'feature/a/b', false],
    ['feature/**', 'feature/a/b', true],
    ['**', 'all/the/branches', true],
    ['*', 'main', true],
    ['*', 'releases/1', false],
    ['*feature', 'mona-feature', true],
    ['v2*', 'v2.9', true],
    ['v[12].[0-9]+.[0-9]+', 'v1.10.1', true],
    ['v[12].[0-9]+.[0-9]+', 'v3.1.0', false],
    ['main', 'main2', false],
    ['*.jsx?', 'page.js', true],
    ['*.jsx?', 'page.jsx', true],
    ['docs/*', 'docs/a.md', true],
    ['docs/**/*.md', 'docs/README.md', true],
    ['docs/**/*.md', 'docs/a/b.md', true],
    ['**/docs/**', 'dir/docs/my-file.txt', true],
    ['**/README.md', 'README.md', true],
    ['release.1', 'releasex1', false],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(matchesFilter([pattern], name)).toBe(matches);
  });

  it('lets a later pattern take away and give back', () => {
    const patterns = ['releases/**', '!releases/**-alpha', 'releases/10-alpha'];
    const names = ['releases/10', 'releases/beta/3-alpha', 'releases/10-alpha'];
    expect(names.map((name) => matchesFilter(patterns, name))).toEqual([true, false, true]);
  });
});

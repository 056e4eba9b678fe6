import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { markdownFiles } from '../../scripts/docs-examples.ts';

const root = join(import.meta.dirname, '..', '..');

/** Without what is code: a link in it leads nowhere. */
const prose = (file: string) =>
  readFileSync(join(root, file), 'utf8')
    .replace(/^ *```[\s\S]*?^ *```$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));

/** As GitHub makes them of headings: lower case, no punctuation, a hyphen for each space. */
function anchorsOf(file: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

const linksOf = (file: string) =>
  [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

describe.each(markdownFiles(root).map((file) => ({ file })))('$file', ({ file }) => {
  it('links to files and headings that are there', () => {
    const broken = linksOf(file).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const other = path === '' ? file : relative(root, resolve(root, dirname(file), path));
      if (!existsSync(join(root, other))) return true;
      return anchor !== undefined && other.endsWith('.md') && !anchorsOf(other).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

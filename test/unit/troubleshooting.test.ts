import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codesOf, collectCodes } from '../../scripts/docs-codes.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');

/** The words in the first column of the tables. */
const explained = [...page.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) +\|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([a-z-]+)`/g)].map(([, word = '']) => word),
);

describe('the page of remedies', () => {
  const codes = collectCodes(root);

  it('explains every code, cause and verdict of the source', () => {
    const missing = [...codes].filter(([code]) => !explained.includes(code));
    expect(Object.fromEntries(missing)).toEqual({});
  });

  it('explains none that the source does not have', () => {
    expect(explained.filter((word) => !codes.has(word))).toEqual([]);
  });

  it('says of each what to do', () => {
    const rows = page.split('\n').filter((line) => /^\| `[a-z-]+`/.test(line));
    const last = rows.map((row) =>
      row
        .split(/(?<!\\)\|/)
        .at(-2)
        ?.trim(),
    );
    expect(rows.filter((_, at) => last[at] === '')).toEqual([]);
  });
});

describe('codesOf', () => {
  const wordsOf = (text: string) => [...codesOf(new Map([['a.ts', text]])).keys()];

  it.each([
    ['an error', "class MyError { constructor(code: string, m: string) {} }\nthrow new MyError('not-there', 'x');"],
    ['an heir of an error', "class A { constructor(code: string) {} }\nclass B extends A {}\nnew B('not-there');"],
    ['what an error gives to the one it extends', "class B extends A { constructor() { super('not-there'); } }"],
    ['a function', "function failure(cause: string) {}\nfailure('not-there');"],
    ['an arrow', "const failure = (text: string, cause: string) => text;\nfailure('x', 'not-there');"],
    ['a field', "const end = { cause: 'not-there' };"],
    ['a variable', "const cause = known ?? 'not-there';"],
    ['a list', "type Cause = 'not-there';"],
    ['a field of a type', "interface End { readonly verdict: 'not-there' }"],
    ['both ends of a choice', "const end = { verdict: ok ? 'not-there' : '' };"],
  ])('finds the word of %s', (_, text) => {
    expect(wordsOf(text)).toEqual(['not-there']);
  });

  it('takes neither sentences nor words of the system, nor what other fields hold', () => {
    expect(wordsOf("const a = { code: 'EACCES', cause: 'It broke.', name: 'web' };")).toEqual([]);
  });
});

import type { ColumnFacts } from '../../src/restore/mask.ts';
import { checkMaskedTables, maskProblems } from '../../src/restore/mask.ts';

const column = (over: Partial<ColumnFacts>): ColumnFacts => ({
  ...{ table: 't', column: 'c', nullable: true, generated: false, unique: false, touched: false },
  ...over,
});
const mask = (to: string | null) => [{ table: 't', column: 'c', to }];

test.each<[string, string | null, Partial<ColumnFacts>]>([
  ['a text', 'x', {}],
  ['NULL where it may be', null, {}],
  ["a text with the row's number where no value may be there twice", 'user{n}', { unique: true }],
])('takes %s', (_, to, over) => {
  expect(maskProblems(mask(to), [column(over)])).toEqual([]);
});

test.each<[string, string | null, Partial<ColumnFacts>, RegExp]>([
  ['a column that is not there', 'x', { column: 'other' }, /there is no column t.c/],
  ['a generated column', 'x', { generated: true }, /generated from other columns/],
  ['NULL where it may not be', null, { nullable: false }, /may not be NULL/],
  ['one text for all rows where no value may be there twice', 'x', { unique: true }, /\{n\}/],
])('refuses %s', (_, to, over, problem) => {
  expect(maskProblems(mask(to), [column(over)])).toEqual([expect.stringMatching(problem)]);
});

test('names all problems at once', () => {
  expect(maskProblems([...mask('x'), { table: 't', column: 'd', to: null }], [])).toHaveLength(2);
});

test('refuses a table that the backup has not, before anything is loaded', () => {
  expect(() => checkMaskedTables(mask('x'), new Set(['t']))).not.toThrow();
  expect(() => checkMaskedTables(mask('x'), new Set(['u']))).toThrow(
    expect.objectContaining({ code: 'mask' }) as Error,
  );
});

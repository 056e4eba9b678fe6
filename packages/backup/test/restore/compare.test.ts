import type { BackupManifest, TableRecord } from '@delivery/core/domain/backup/manifest';
import type { Facts, TableContent } from '../../src/facts.ts';
import { compareObjects, compareTables } from '../../src/restore/compare.ts';

const server = { product: 'MariaDB', version: '10.11.19-MariaDB' } as const;
const same: TableContent = { rows: 2, checksum: '7', content: '99' };
const record: TableRecord = { name: 't', engine: 'InnoDB', ...same, notes: [] };
const view = { name: 'v', sha256: 'a'.repeat(64) };

function compare(said: Partial<TableRecord>, found: TableContent | undefined, over: Partial<Facts> = {}) {
  const manifest = { server, tables: [{ ...record, ...said }] } as unknown as BackupManifest;
  const tables = found ? [{ name: 't', engine: 'InnoDB', transactional: true, notes: [] }] : [];
  const facts = { server, tables, ...over } as unknown as Facts;
  return compareTables(manifest, facts, new Map(found ? [['t', found]] : []));
}

test('says nothing of a table that is equal', () => {
  expect(compare({}, same)).toEqual({
    tables: [{ name: 't', rows: 2, verdict: 'equal' }],
    mismatches: [],
    unproven: [],
  });
});

test.each([
  ['rows', { ...same, rows: 1 }, /has 1 rows, the manifest says 2/],
  ['content', { ...same, content: '98' }, /not the same content/],
  ['CHECKSUM TABLE', { ...same, checksum: '8' }, /CHECKSUM TABLE says 8, not 7/],
])('tells of a table whose %s differs', (_, found, sentence) => {
  const { tables, mismatches } = compare({}, found);
  expect(tables).toMatchObject([{ verdict: 'different' }]);
  expect(mismatches).toEqual([expect.stringMatching(sentence)]);
});

test('tells of a table that is missing, and of one that is too much', () => {
  expect(compare({}, undefined)).toMatchObject({
    tables: [{ verdict: 'missing' }],
    mismatches: ['the table t is missing'],
  });
  const extra = { name: 'x', engine: 'InnoDB', transactional: true, notes: [] };
  const { tables, mismatches } = compare({}, undefined, { tables: [extra] });
  expect(tables.map(({ verdict }) => verdict)).toEqual(['missing', 'extra']);
  expect(mismatches).toContain('the table x is not in the manifest');
});

test('does not compare CHECKSUM TABLE with that of a server of another series', () => {
  const other = { server: { product: 'MariaDB', version: '11.4.5-MariaDB' } } as const;
  expect(compare({}, { ...same, checksum: '8' }, other)).toMatchObject({ mismatches: [], unproven: [] });
});

test.each<[string, Partial<TableRecord>, TableContent]>([
  [
    'FLOAT columns that only CHECKSUM TABLE tells apart',
    { notes: [{ note: 'float', columns: ['f'] }] },
    { ...same, checksum: '8' },
  ],
  ['a table that changed while it was dumped', { notes: [{ note: 'changed-meanwhile' }] }, { ...same, rows: 5 }],
  ['a table without checksums in the manifest', { rows: null, checksum: null, content: null }, same],
])('takes %s for unproven', (_, said, found) => {
  const { tables, mismatches, unproven } = compare(said, found);
  expect(tables).toMatchObject([{ verdict: 'not-compared' }]);
  expect(mismatches).toEqual([]);
  expect(unproven).toHaveLength(1);
});

function compareViews(found: readonly { name: string; sha256: string }[], version: string) {
  const none = { routines: [], triggers: [], events: [] };
  const manifest = { server, views: [view], ...none } as unknown as BackupManifest;
  return compareObjects(manifest, {
    server: { product: 'MariaDB', version },
    views: found,
    ...none,
  } as unknown as Facts);
}

test('tells of views that are missing, other, or too many', () => {
  expect(compareViews([view], server.version)).toEqual({ mismatches: [], unproven: [] });
  expect(compareViews([], server.version).mismatches).toEqual(['the view v is missing']);
  expect(compareViews([view, { ...view, name: 'w' }], server.version).mismatches).toEqual([
    'the view w is not in the manifest',
  ]);
  expect(compareViews([{ ...view, sha256: 'b' }], server.version).mismatches).toEqual([
    'the view v is not defined as it was',
  ]);
});

test('takes other words of another series for unproven, but not a view that is missing', () => {
  const { mismatches, unproven } = compareViews([{ ...view, sha256: 'b' }], '11.4.5-MariaDB');
  expect({ mismatches, unproven }).toEqual({
    mismatches: [],
    unproven: [expect.stringMatching(/MariaDB 11[.]4 may tell it/)],
  });
  expect(compareViews([], '11.4.5-MariaDB').mismatches).toEqual(['the view v is missing']);
});

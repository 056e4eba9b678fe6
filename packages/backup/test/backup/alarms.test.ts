import { backupManifest, tableRecord } from '@delivery/testing/program-report';
import { alarmsOf, notesOf } from '../../src/backup/alarms.ts';

const rules = { maxShrink: 20, maxAgeMs: undefined };
const last = backupManifest({ plainBytes: 1000, tables: [tableRecord({ name: 'target', rows: 100 })] });

test('says nothing of a first backup', () => {
  expect(alarmsOf(undefined, last, { maxShrink: 0, maxAgeMs: 1 })).toEqual([]);
});

test.each([
  ['by as much as may be', 800, 80, []],
  ['by one byte more', 799, 100, [expect.stringMatching(/^the dump has shrunk from 1000 to 799 bytes/)]],
  ['by one row more', 1000, 79, [expect.stringMatching(/^the table target has shrunk from 100 to 79 rows/)]],
])('measures what has shrunk %s', (_, plainBytes, rows, expected) => {
  const next = backupManifest({ plainBytes, tables: [tableRecord({ name: 'target', rows })] });
  expect(alarmsOf(last, next, rules)).toEqual(expected);
});

test('misses a table that is gone', () => {
  expect(alarmsOf(last, backupManifest({ plainBytes: 1000, tables: [] }), rules)).toEqual([
    `the table target is gone since ${last.file}`,
  ]);
});

test('cannot compare the rows of a backup of the old system', () => {
  const found = backupManifest({
    origin: 'found',
    plainBytes: 1000,
    tables: [tableRecord({ name: 'target', rows: null })],
  });
  expect(alarmsOf(found, last, rules)).toEqual([]);
});

test('is silent about sizes when it is told so', () => {
  expect(alarmsOf(last, backupManifest({ plainBytes: 1, tables: [] }), { ...rules, maxShrink: 100 })).toEqual([]);
});

test('notices that the last backup was too old before this one', () => {
  const next = { ...last, startedAt: new Date(Date.parse(last.startedAt) + 10_801_000).toISOString() };
  expect(alarmsOf(last, next, { ...rules, maxAgeMs: 3 * 3_600_000 })).toEqual([
    'the backup before this one was 3 h 0 min old, more than 3 h 0 min',
  ]);
});

test('names a table that changed while it was dumped without a snapshot', () => {
  const changed = tableRecord({ name: 'log', engine: 'MyISAM', notes: [{ note: 'changed-meanwhile' }] });
  const still = tableRecord({ name: 'old', engine: 'MyISAM', notes: [{ note: 'not-transactional' }] });
  expect(notesOf(backupManifest({ tables: [changed, still] }))).toEqual([expect.stringMatching(/^the table log /)]);
});

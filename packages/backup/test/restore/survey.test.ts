import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { openBackup } from '../../src/restore/backup-file.ts';
import type { Survey } from '../../src/restore/survey.ts';
import { surveyDump } from '../../src/restore/survey.ts';

const root = mkdtempSync(join(tmpdir(), 'survey-'));
afterAll(() => rmSync(root, { recursive: true }));

const end = '-- Dump completed on 2026-11-23  4:05:06\n';
const dump = `-- MariaDB dump 10.19
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE \`a\` (
  \`id\` int,
  KEY \`k\` (\`id\`),
  CONSTRAINT \`f\` FOREIGN KEY (\`id\`) REFERENCES \`b\` (\`x\`)
);
INSERT INTO \`a\` VALUES (1),(2);
CREATE TABLE \`b\` (\`x\` int);
DELIMITER ;;
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1 ;;
DELIMITER ;
${end}`;

const manifest = (text: string, packed: Buffer) => ({
  ...{ file: 'x.sql.gz', bytes: packed.length, plainBytes: Buffer.byteLength(text) },
  ...{ sha256: createHash('sha256').update(packed).digest('hex'), tables: [{ name: 'a' }, { name: 'b' }] },
});

async function survey(text: string, over: object = {}, packed = gzipSync(text)): Promise<Survey> {
  mkdirSync(join(root, 'hourly'), { recursive: true });
  writeFileSync(join(root, 'hourly', 'x.sql.gz'), packed);
  const file = await openBackup(root, ['hourly', 'x.sql.gz'], 'gz');
  const said = { ...manifest(text, packed), ...over } as unknown as BackupManifest;
  return surveyDump(file, said, new AbortController().signal).finally(() => file.close());
}

test('finds tables, what refers to them, and what comes after the rows', async () => {
  const found = await survey(dump);
  expect([...found.tables]).toEqual([
    ['a', { bytes: 30, keys: 1, hasFullText: false, last: 3 }],
    ['b', { bytes: 0, keys: 0, hasFullText: false, last: 4 }],
  ]);
  expect(found.referenced).toEqual(new Map([['`b`', new Set(['`x`'])]]));
  expect(found.session.map(String)).toEqual(['/*!40101 SET NAMES utf8mb4 */']);
  expect(found.objects.map(({ what }) => what)).toEqual(['trigger']);
  expect(found).toMatchObject({ isKnown: true, plainBytes: Buffer.byteLength(dump) });
});

test.each<[string, string, object, RegExp]>([
  ['has another digest', dump, { sha256: '0'.repeat(64) }, /SHA-256/],
  ['has another length', dump, { bytes: 5 }, /bytes, not 5/],
  ['unpacks to another length', dump, { plainBytes: 5 }, /unpacks to/],
  ['lacks a table', dump, { tables: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }, /lacks the tables c/],
  ['holds a table too many', dump, { tables: [{ name: 'a' }] }, /holds the tables b/],
  ['has no end marker', dump.replace(end, ''), {}, /its end is missing/],
  ['ends in the middle', dump.slice(0, 200), {}, /ends within/],
  ['holds an account', dump.replace(end, `GRANT ALL ON *.* TO x;\n${end}`), {}, /GRANT ALL/],
  ['is of two databases', dump.replace(end, `USE \`a\`;\nUSE \`b\`;\n${end}`), {}, /more than one database/],
])('refuses a dump that %s', async (_, text, over, sentence) => {
  await expect(survey(text, over)).rejects.toMatchObject({
    code: 'verify-failed',
    message: expect.stringMatching(sentence) as string,
  });
});

test('refuses a file that does not unpack to its end', async () => {
  await expect(survey(dump, {}, gzipSync(dump).subarray(0, -9))).rejects.toMatchObject({ code: 'verify-failed' });
  await expect(survey(dump, {}, Buffer.from('no gzip'))).rejects.toMatchObject({ code: 'verify-failed' });
});

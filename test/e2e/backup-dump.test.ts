// The backup half of packages/backup on a real MariaDB: what it makes when nothing is wrong, and what it says when something is odd.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import type { BackupScene } from './backup-dump-program.ts';
import { startScene } from './backup-dump-server.ts';

let server: DatabaseServer;
let scene: BackupScene;

beforeAll(async () => {
  ({ server, scene } = await startScene(4));
}, 120_000);

afterAll(async () => {
  await server.stop();
  scene.remove();
});

beforeEach(() => {
  rmSync(scene.root, { recursive: true, force: true });
  mkdirSync(scene.root);
});

function manifestAt(path: string): BackupManifest {
  return JSON.parse(readFileSync(join(scene.root, path), 'utf8')) as BackupManifest;
}

test('makes one file for all tiers, with a manifest of the very moment of the dump', async () => {
  const { code, report, output } = await scene.run();
  expect({ code, verdict: report.verdict, alarms: report.alarms }).toEqual({
    code: 0,
    verdict: 'verified',
    alarms: [],
  });
  const name = report.manifest?.file ?? '';
  const inodes = ['hourly', 'daily', 'weekly', 'monthly'].map((tier) => statSync(join(scene.root, tier, name)).ino);
  expect(new Set(inodes).size).toBe(1);
  expect(manifestAt(`daily/${name}.json`)).toEqual({ ...report.manifest });
  const rows = await server.run('SELECT COUNT(*) FROM molecule; CHECKSUM TABLE molecule', 'stack');
  const molecule = report.manifest?.tables.find((table) => table.name === 'molecule');
  expect(`${molecule?.rows}\nstack.molecule\t${molecule?.checksum}\n`).toBe(rows);
  expect(execFileSync('zstd', ['-dc', join(scene.root, 'hourly', name)], { maxBuffer: 1e9 }).length).toBe(
    report.manifest?.plainBytes,
  );
  expect(readdirSync(scene.root).sort()).toEqual(['daily', 'hourly', 'monthly', 'weekly']);
  expect(output).not.toContain(scene.canary);
});

test('names the tables that are not transactional, and does not say that they changed when they did not', async () => {
  await server.run('CREATE TABLE old_one (a INT) ENGINE=MyISAM; INSERT INTO old_one VALUES (1)', 'stack');
  const { report } = await scene.run();
  await server.run('DROP TABLE old_one', 'stack');
  const table = report.manifest?.tables.find(({ name }) => name === 'old_one');
  expect(table).toMatchObject({ rows: 1, notes: [{ note: 'not-transactional' }] });
});

test('makes no second one in the same hour, unless it is asked for by hand', async () => {
  const first = await scene.run();
  const second = await scene.run();
  expect(second.report).toMatchObject({ verdict: 'skipped', manifest: null, cause: '' });
  const manual = await scene.run({ BACKUP_TYPE: 'manual' });
  expect(manual.report.tiers).toContain('manual');
  expect(manual.report.manifest?.file).not.toBe(first.report.manifest?.file);
});

test('counts two runs that start at once as one backup', async () => {
  const ends = await Promise.all([scene.run(), scene.run()]);
  expect(ends.map(({ report }) => report.verdict).sort()).toEqual(['skipped', 'verified']);
});

test('refuses to wait longer than it may for another run', async () => {
  const holding = server.run(`DO GET_LOCK('delivery-backup:stack', 0); DO SLEEP(3)`);
  const held = await scene.run({ BACKUP_LOCK_WAIT: '0' });
  expect(held).toMatchObject({ code: 1, report: { verdict: 'failed', cause: 'locked' } });
  await holding;
});

test("counts the old system's files that are whole, and says of the others what is wrong", async () => {
  const folder = join(scene.root, 'hourly');
  mkdirSync(folder);
  const dump = (end: string) =>
    gzipSync(`--\n-- Table structure for table \`a\`\n--\n\nCREATE TABLE \`a\` (b INT);\n${end}\n`);
  const [whole, stump, cut] = [1, 2, 3].map((hour) => `backup-2026-11-22T0${hour}:05:00.123456Z-stack.sql.gz`);
  writeFileSync(join(folder, `${whole}`), dump('-- Dump completed on 2026-11-22  1:05:01'));
  writeFileSync(join(folder, `${stump}`), dump(''));
  writeFileSync(join(folder, `${cut}`), dump('-- Dump completed on 2026-11-22  3:05:01').subarray(0, 40));
  writeFileSync(join(folder, 'backup-2026-11-22T01:05:00Z-other.sql.gz'), 'of another database');
  const { report } = await scene.run();
  const trouble = (name = '') => report.inventory.find((entry) => entry.name === name)?.trouble;
  expect(trouble(whole)).toBe('');
  expect(manifestAt(`hourly/${whole}.json`)).toMatchObject({ origin: 'found', tables: [{ name: 'a', rows: null }] });
  expect(trouble(stump)).toMatch(/end marker/);
  expect(trouble(cut)).toMatch(/does not unpack/);
  expect(readdirSync(folder)).toHaveLength(7);
});

test('raises an alarm when a table has shrunk, and when the last backup was long ago', async () => {
  await server.run(
    'CREATE TABLE shrinks (a INT) ENGINE=InnoDB; INSERT INTO shrinks VALUES (1), (2), (3), (4)',
    'stack',
  );
  await scene.run();
  await server.run('DELETE FROM shrinks WHERE a > 2', 'stack');
  const { report } = await scene.run({ BACKUP_TYPE: 'manual', BACKUP_MAX_AGE: '1' });
  await server.run('DROP TABLE shrinks', 'stack');
  expect(report.verdict).toBe('verified');
  expect(report.alarms).toEqual([
    expect.stringMatching(/^the backup before this one was .* old, more than 1.0 s$/),
    expect.stringMatching(/^the table shrinks has shrunk from 4 to 2 rows since backup-/),
  ]);
});

test('carries a row that is longer than what the client takes by itself', async () => {
  await server.run(
    `CREATE TABLE long_row (a LONGBLOB) ENGINE=InnoDB; INSERT INTO long_row VALUES (REPEAT('x', 20000000))`,
    'stack',
  );
  const { report } = await scene.run();
  await server.run('DROP TABLE long_row', 'stack');
  expect(report.manifest?.tables.find(({ name }) => name === 'long_row')).toMatchObject({ rows: 1 });
  expect(report.manifest?.plainBytes).toBeGreaterThan(40_000_000);
});

test('lets writers wait for a second at most, also while a transaction stays open', async () => {
  const open = server.run('START TRANSACTION; UPDATE zz_last SET a = a + 1; DO SLEEP(6); ROLLBACK', 'stack');
  const { report } = await scene.run();
  const [, waited] = /writers waited (\d+) ms/.exec(report.steps.find(({ name }) => name === 'dump')?.said ?? '') ?? [];
  expect(report.verdict).toBe('verified');
  expect(Number(waited)).toBeLessThan(1_000);
  await open;
});

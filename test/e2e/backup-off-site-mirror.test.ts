import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FarSide } from './off-site-ground.ts';
import { addBackup, allFiles, daemonSide, filesOf, isSame, leftovers, removeBackup, send } from './off-site-ground.ts';

// What is compared there, what is removed there, and above all what is not.

const bytes = 100_000;
let far: FarSide;

beforeEach(async () => {
  far = await daemonSide();
  addBackup(far.root, 6, bytes, 'hourly', 'daily');
  addBackup(far.root, 7, bytes, 'hourly');
});

afterEach(async () => {
  await far.stop();
  rmSync(far.dir, { recursive: true });
  expect(leftovers()).toEqual([]);
});

test('a byte that has changed there is found, put right and told', async () => {
  await send(far);
  const path = join(far.folder, filesOf(far.root)[0]!);
  const { atime, mtime } = statSync(path);
  const content = readFileSync(path);
  content[1000]! ^= 1;
  writeFileSync(path, content);
  utimesSync(path, atime, mtime);
  const end = await send(far);
  expect(end.state).toBe('failed');
  expect(end.said).toMatch(/were not what was sent .* they were sent again and are right now/);
  expect(isSame(far)).toBe(true);
  expect(await send(far)).toMatchObject({ state: 'sent' });
});

test('a backup that is broken here does not replace its copy', async () => {
  await send(far);
  const path = filesOf(far.root).find((name) => name.endsWith('.zst'))!;
  truncateSync(join(far.root, path), 1000);
  expect(await send(far)).toMatchObject({
    state: 'failed',
    said: expect.stringContaining('not what its manifest says'),
  });
  expect(statSync(join(far.folder, path)).size).toBe(bytes);
});

test('a volume that lost everything takes nothing from the copies, and then only what its tiers would have', async () => {
  await send(far);
  const there = allFiles(far.folder);
  rmSync(far.root, { recursive: true });
  mkdirSync(far.root);
  expect(await send(far)).toMatchObject({ state: 'failed', said: expect.stringContaining('no verified backup') });
  expect(allFiles(far.folder)).toEqual(there);
  addBackup(far.root, 8, 1000, 'hourly', 'daily');
  expect(await send(far)).toMatchObject({ state: 'sent', said: expect.stringContaining(', 2 removed') });
  // Of three hours all stay; of the one day the newest.
  expect(allFiles(far.folder)).toEqual(
    [...filesOf(far.root), ...there.filter((path) => path.startsWith('hourly'))].sort(),
  );
});

test('what the volume gave up goes there too; what is not of its making stays', async () => {
  const old = addBackup(far.root, 5, 1000, 'hourly');
  await send(far);
  const foreign = ['notes.txt', 'hourly/backup-old.sql.gz', 'hourly/backup-2026-11-23T01:05:00Z-other.sql.gz'];
  for (const name of foreign) writeFileSync(join(far.folder, name), 'mine');
  mkdirSync(join(far.folder, 'hourly', '.rsync-partial'));
  writeFileSync(join(far.folder, 'hourly', '.rsync-partial', old), 'half');
  addBackup(far.root, 8, 1000, 'hourly');
  removeBackup(far.root, 'hourly', old);
  expect(await send(far, { prune: false })).toMatchObject({ state: 'sent' });
  expect(existsSync(join(far.folder, 'hourly', old))).toBe(true);
  expect(await send(far)).toMatchObject({ state: 'sent', said: expect.stringContaining(', 3 removed') });
  expect(allFiles(far.folder)).toEqual([...filesOf(far.root), ...foreign].sort());
});

test('more old copies than stay are left alone, with an alarm', async () => {
  mkdirSync(join(far.folder, 'hourly'), { recursive: true });
  const names = [1, 2, 3, 4, 5].map((day) => `hourly/backup-2025-01-0${day}T01:05:00Z-fragalysis.sql.gz`);
  for (const name of names) writeFileSync(join(far.folder, name), 'old');
  expect(await send(far)).toMatchObject({
    state: 'sent',
    alarm: expect.stringContaining('off site nothing was removed'),
  });
  expect(allFiles(far.folder)).toEqual(expect.arrayContaining(names));
});

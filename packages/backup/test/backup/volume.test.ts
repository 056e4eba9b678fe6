import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backupManifest } from '@delivery/testing/program-report';
import { planLayout } from '../../src/backup/layout.ts';
import { Workshop } from '../../src/backup/workshop.ts';
import { readVolume, unread } from '../../src/backup/volume.ts';
import { formatManifest } from '../../src/manifest-file.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-volume-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const keep = { hourly: 1, daily: 1, weekly: 1, monthly: 0, manual: 0 };

function put(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

function nameAt(hour: number, database = 'stack'): string {
  return `backup-2026-11-23T0${hour}:05:00Z-${database}.sql.zst`;
}

/** A backup of nine bytes and its manifest. */
function putBackup(tier: string, name: string, over: Parameters<typeof backupManifest>[0] = {}): void {
  put(`${tier}/${name}`, 'nine byte');
  put(`${tier}/${name}.json`, formatManifest(backupManifest({ file: name, bytes: 9, ...over })));
}

test('knows what is verified, and why the rest is not', async () => {
  putBackup('hourly', nameAt(5));
  putBackup('hourly', nameAt(4), { bytes: 10 });
  putBackup('hourly', nameAt(3), { file: nameAt(1) });
  put(`hourly/${nameAt(2)}`, 'no manifest');
  put(`hourly/${nameAt(1)}`, 'x');
  put(`hourly/${nameAt(1)}.json`, '{}');
  const { backups } = await readVolume(root, 'stack');
  expect(backups.map(({ name, trouble }) => [name, trouble])).toEqual([
    [nameAt(5), ''],
    [nameAt(4), 'it has 9 bytes, its manifest says 10'],
    [nameAt(3), `its manifest is that of ${nameAt(1)}`],
    [nameAt(2), unread],
    [nameAt(1), expect.stringMatching(/^its manifest does not have the form/)],
  ]);
});

test("sees neither another database's files, nor unknown names, nor folders", async () => {
  putBackup('hourly', nameAt(1, 'other'));
  put('hourly/notes.txt', 'mine');
  mkdirSync(join(root, 'hourly', nameAt(2)));
  put('elsewhere/backup', 'x');
  expect(await readVolume(root, 'stack')).toEqual({ backups: [], orphans: [] });
});

test('finds the manifest that a killed run left without its backup', async () => {
  putBackup('daily', nameAt(1));
  rmSync(join(root, 'daily', nameAt(1)));
  expect((await readVolume(root, 'stack')).orphans).toEqual([`daily/${nameAt(1)}.json`]);
});

test('brings the tiers to what they keep by links to the same file', async () => {
  putBackup('hourly', nameAt(2));
  putBackup('hourly', nameAt(1));
  putBackup('daily', nameAt(1));
  const workshop = new Workshop(root, 'stack');
  await workshop.clear();
  await workshop.apply(planLayout((await readVolume(root, 'stack')).backups, keep));
  await workshop.close();
  const both = [nameAt(2), `${nameAt(2)}.json`];
  for (const tier of ['hourly', 'daily', 'weekly']) expect(readdirSync(join(root, tier)).sort()).toContain(nameAt(2));
  expect(readdirSync(join(root, 'hourly')).sort()).toEqual(both);
  expect(statSync(join(root, 'hourly', nameAt(2))).nlink).toBe(3);
  expect(existsSync(join(root, '.partial'))).toBe(false);
});

test('changes nothing when it does the same again', async () => {
  putBackup('hourly', nameAt(2));
  const workshop = new Workshop(root, 'stack');
  await workshop.clear();
  await workshop.apply(planLayout((await readVolume(root, 'stack')).backups, keep));
  const again = planLayout((await readVolume(root, 'stack')).backups, keep);
  expect({ links: again.links, removals: again.removals }).toEqual({ links: [], removals: [] });
});

test('gives a name over one that is there, whole at every moment', async () => {
  putBackup('hourly', nameAt(1));
  put(`daily/${nameAt(1)}`, 'cut');
  const workshop = new Workshop(root, 'stack');
  await workshop.clear();
  await workshop.give({ from: `hourly/${nameAt(1)}`, to: `daily/${nameAt(1)}` });
  expect(readFileSync(join(root, 'daily', nameAt(1)), 'utf8')).toBe('nine byte');
  expect(readdirSync(workshop.folder)).toEqual([]);
});

test.each(['EPERM', 'ENOTSUP', 'EMLINK'])('copies where the file system makes no link (%s)', async (code) => {
  putBackup('hourly', nameAt(1));
  const noLink = () => Promise.reject(Object.assign(new Error(code), { code }));
  const workshop = new Workshop(root, 'stack', noLink);
  await workshop.clear();
  await workshop.give({ from: `hourly/${nameAt(1)}`, to: `daily/${nameAt(1)}` });
  expect(readFileSync(join(root, 'daily', nameAt(1)), 'utf8')).toBe('nine byte');
  expect(statSync(join(root, 'daily', nameAt(1))).nlink).toBe(1);
  expect(readdirSync(workshop.folder)).toEqual([]);
});

test("leaves another database's unfinished files alone", async () => {
  put('.partial/other/backup', 'x');
  const workshop = new Workshop(root, 'stack');
  await workshop.clear();
  await workshop.close();
  expect(readdirSync(join(root, '.partial'))).toEqual(['other']);
});

test('refuses to begin when there is less room than the last backup took', async () => {
  const workshop = new Workshop(root, 'stack');
  await workshop.checkRoom(1);
  await expect(workshop.checkRoom(1e18)).rejects.toMatchObject({ code: 'disk-full' });
});

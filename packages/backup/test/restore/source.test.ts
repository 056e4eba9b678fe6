import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackup } from '../../src/restore/backup-file.ts';
import type { RestoreSettings } from '../../src/restore/settings.ts';
import { readRestore } from '../../src/restore/settings.ts';
import { chooseBackup, readSource } from '../../src/restore/source.ts';

let sources: string;

beforeEach(() => {
  sources = mkdtempSync(join(tmpdir(), 'sources-'));
  mkdirSync(join(sources, 'production', 'hourly'), { recursive: true });
  mkdirSync(join(sources, 'test'));
});

afterEach(() => rmSync(sources, { recursive: true }));

function settings(over: Readonly<Record<string, string>> = {}): RestoreSettings {
  const server = { MSHOST: 'db', MSUSER: 'root', MSPASS: 'x', MSDATABASE: 'staging' };
  return readRestore({ ...server, RESTORE_SOURCES: sources, RESTORE_FROM: 'production', ...over });
}

const fileOf = (hour: number, database = 'stack') => `backup-2026-11-22T0${hour}:05:00Z-${database}.sql.gz`;

function put(...names: readonly string[]): void {
  for (const name of names) writeFileSync(join(sources, 'production', 'hourly', name), name);
}

async function choose(over: Readonly<Record<string, string>> = {}): Promise<string> {
  const own = settings(over);
  const { name, file } = await chooseBackup(own, await readSource(own));
  await file.close();
  return name;
}

test('takes the newest file, an old one without a manifest too', async () => {
  put(fileOf(1), fileOf(3), fileOf(2));
  expect(await choose()).toBe(fileOf(3));
});

test('passes over a newer file whose manifest is broken', async () => {
  put(fileOf(1), fileOf(2), `${fileOf(2)}.json`);
  expect(await choose()).toBe(fileOf(1));
});

test('takes the file that is named, and otherwise names the nearest', async () => {
  put(fileOf(1), fileOf(2), fileOf(3), fileOf(4), fileOf(5));
  expect(await choose({ RESTORE_BACKUP: fileOf(2) })).toBe(fileOf(2));
  const nearest = ['2', '3', '1'].map((hour) => fileOf(Number(hour))).join(', ');
  await expect(choose({ RESTORE_BACKUP: 'backup-2026-11-22T02:06:00Z-stack.sql.gz' })).rejects.toMatchObject({
    code: 'no-backup',
    message: expect.stringContaining(nearest) as string,
  });
});

test('says which sources there are when the one that was asked for is not mounted', async () => {
  await expect(readSource(settings({ RESTORE_FROM: 'ric' }))).rejects.toMatchObject({
    code: 'no-source',
    message: expect.stringMatching(/ric are not mounted .*production, test/) as string,
  });
});

test('does not choose between databases, unless one has the name of the target', async () => {
  put(fileOf(1, 'stack'), fileOf(2, 'other'));
  await expect(choose()).rejects.toMatchObject({
    code: 'no-backup',
    message: expect.stringMatching(/other, stack/) as string,
  });
  put(fileOf(1, 'staging'));
  expect(await choose()).toBe(fileOf(1, 'staging'));
});

test('says that there is none, and why the newest file is none', async () => {
  await expect(choose()).rejects.toMatchObject({ code: 'no-backup' });
  put(fileOf(2), `${fileOf(2)}.json`);
  await expect(choose()).rejects.toThrow(/its manifest is not JSON/);
});

test('opens no link and nothing but a file', async () => {
  const root = join(sources, 'production');
  const outside = join(sources, 'secret');
  writeFileSync(outside, 'secret');
  symlinkSync(outside, join(root, 'hourly', fileOf(1)));
  mkdirSync(join(root, 'hourly', fileOf(2)));
  mkdirSync(join(sources, 'elsewhere'));
  writeFileSync(join(sources, 'elsewhere', fileOf(3)), 'x');
  symlinkSync(join(sources, 'elsewhere'), join(root, 'daily'));
  for (const path of [
    ['hourly', fileOf(1)],
    ['hourly', fileOf(2)],
    ['daily', fileOf(3)],
    ['hourly', fileOf(4)],
  ] as const) {
    await expect(openBackup(root, path, 'gz')).rejects.toMatchObject({ code: 'no-backup' });
  }
});

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey } from '@delivery/testing/off-site-servers/ssh-server';
import type { FarSide } from './off-site-ground.ts';
import { addBackup, isSame, removeBackup, leftovers, send, sshSide } from './off-site-ground.ts';

let far: FarSide;

async function begin(limit?: '-wo' | '-wo -no-del'): Promise<void> {
  far = await sshSide(limit);
  addBackup(far.root, 7, 1000, 'hourly');
}

const secret = (name: string) => join(far.settings.secrets, name);

afterEach(async () => {
  await far.stop();
  rmSync(far.dir, { recursive: true });
  expect(leftovers()).toEqual([]);
});

test('another host key than the known one is refused, before anything is sent', async () => {
  await begin();
  const { public: other } = makeKey(join(far.dir, 'other-host'));
  writeFileSync(secret('known-hosts'), `[127.0.0.1]:${far.settings.port} ${other}\n`);
  const end = await send(far);
  expect(end).toMatchObject({ state: 'failed', said: expect.stringContaining('has another host key than'), bytes: 0 });
  expect(end.next).toContain('someone stands in between');
  expect(existsSync(far.folder)).toBe(false);
});

test.each([
  ['a host that is not in known-hosts', 'known-hosts', 'example.org ssh-ed25519 AAAA\n', 'has no host key for'],
  ['an empty known-hosts', 'known-hosts', '\n', 'known-hosts is empty'],
  ['a key that is none', 'ssh-key', 'not a key\n', 'is not a private key that ssh can use'],
] as const)('%s is named', async (_, file, text, reason) => {
  await begin();
  writeFileSync(secret(file), text);
  expect(await send(far)).toMatchObject({ state: 'failed', said: expect.stringContaining(reason) });
});

test('a key with a passphrase is named, and nobody is asked for it', async () => {
  await begin();
  chmodSync(secret('ssh-key'), 0o600);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', secret('ssh-key')]);
  expect(await send(far)).toMatchObject({
    state: 'failed',
    next: expect.stringContaining('must not have a passphrase'),
  });
});

test('a folder whose parent is not there is named', async () => {
  await begin();
  const end = await send(far, { path: join(far.dir, 'not', 'there') });
  expect(end).toMatchObject({ state: 'failed', said: expect.stringContaining('does not exist') });
});

test('a key without a line feed at its end, or with those of Windows, is as good', async () => {
  await begin();
  const key = readFileSync(secret('ssh-key'), 'utf8');
  writeFileSync(secret('ssh-key'), key.trimEnd().replaceAll('\n', '\r\n'));
  expect(await send(far)).toMatchObject({ state: 'sent' });
});

test('a key that may only run rrsync to write below one folder is enough, for removing too', async () => {
  await begin('-wo');
  const old = addBackup(far.root, 3, 1000, 'hourly');
  expect(await send(far)).toMatchObject({ state: 'sent' });
  for (const hour of [8, 9]) addBackup(far.root, hour, 1000, 'hourly', 'daily');
  removeBackup(far.root, 'hourly', old);
  expect(await send(far)).toMatchObject({ state: 'sent', said: expect.stringContaining(', 2 removed') });
  expect(isSame(far)).toBe(true);
  expect(await send(far, { path: '../elsewhere' })).toMatchObject({ state: 'failed' });
});

test('a key that may only add is enough when nothing is to be removed, and named otherwise', async () => {
  await begin('-wo -no-del');
  expect(await send(far, { prune: false })).toMatchObject({ state: 'sent' });
  const end = await send(far);
  expect(end).toMatchObject({ state: 'failed', said: expect.stringContaining('does not let this account remove') });
  expect(end.next).toContain('RSYNC_PRUNE');
});

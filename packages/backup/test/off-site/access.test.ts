import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Access } from '../../src/off-site/access.ts';
import { openAccess } from '../../src/off-site/access.ts';
import type { OffSiteSettings } from '../../src/off-site/settings.ts';

const key = '-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-key\n-----END OPENSSH PRIVATE KEY-----';
let secrets: string;
let access: Access | undefined;

beforeEach(() => {
  secrets = mkdtempSync(join(tmpdir(), 'access-test-'));
  for (const [name, text] of [
    ['ssh-key', key.replaceAll('\n', '\r\n')],
    ['known-hosts', 'copies ssh-ed25519 AAAA'],
    ['password', 'canary-password\n\n'],
  ] as const) {
    writeFileSync(join(secrets, name), text, { mode: 0o644 });
  }
});

afterEach(async () => {
  await access?.remove();
  access = undefined;
  rmSync(secrets, { recursive: true });
});

function settings(more: Partial<OffSiteSettings> = {}): OffSiteSettings {
  const base = {
    transport: 'ssh',
    host: 'copies',
    port: 2222,
    user: 'copier',
    path: '/srv/copies',
    prune: true,
  } as const;
  return { ...base, secrets, ...more };
}

function file(name: string): string {
  return join(access?.folder ?? '', name);
}

test('by ssh, the key is copied as ssh takes it, for this user only, and only its configuration stands in the arguments', async () => {
  access = await openAccess(settings());
  expect(access.options).toEqual([`--rsh=ssh -F '${file('ssh-config')}'`]);
  expect(access.target).toBe('copies:/srv/copies/');
  expect(readFileSync(file('ssh-key'), 'utf8')).toBe(`${key}\n`);
  for (const name of ['ssh-key', 'known-hosts', 'ssh-config']) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
  expect(statSync(access.folder).mode & 0o777).toBe(0o700);
});

test('ssh takes nothing but this key and this host key, asks nobody, forwards nothing', async () => {
  access = await openAccess(settings());
  const lines = readFileSync(file('ssh-config'), 'utf8').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      ...[
        'Host *',
        'User copier',
        'Port 2222',
        'BatchMode yes',
        'StrictHostKeyChecking yes',
        'GlobalKnownHostsFile none',
      ],
      ...[`UserKnownHostsFile "${file('known-hosts')}"`, `IdentityFile "${file('ssh-key')}"`, 'IdentitiesOnly yes'],
      ...['IdentityAgent none', 'PreferredAuthentications publickey', 'ClearAllForwardings yes', 'UpdateHostKeys no'],
    ]),
  );
});

test('to a daemon, the password stands in a file for this user only', async () => {
  access = await openAccess(settings({ transport: 'daemon', path: 'module/prod', host: 'fd00::1', port: 873 }));
  expect(access.options).toContain(`--password-file=${file('password')}`);
  expect(access.target).toBe('rsync://copier@[fd00::1]:873/module/prod/');
  expect(readFileSync(file('password'), 'utf8')).toBe('canary-password\n');
  expect(statSync(file('password')).mode & 0o777).toBe(0o600);
});

test('the copies of the secrets go when it is closed', async () => {
  access = await openAccess(settings());
  await access.remove();
  expect(existsSync(access.folder)).toBe(false);
});

test.each([
  ['known-hosts', 'missing', 'cannot be read', () => rmSync(join(secrets, 'known-hosts'))],
  ['ssh-key', 'empty', 'is empty', () => writeFileSync(join(secrets, 'ssh-key'), ' \n')],
  [
    'ssh-key',
    'far too long',
    'is longer than 64 KiB',
    () => writeFileSync(join(secrets, 'ssh-key'), 'x'.repeat(70_000)),
  ],
] as const)('%s that is %s is named with what belongs there', async (name, _, said, spoil) => {
  spoil();
  await expect(openAccess(settings())).rejects.toMatchObject({
    code: 'off-site-secret',
    message: `${join(secrets, name)} ${said}`,
    hint: expect.stringContaining(`key ${name} of the Secret that is mounted at ${secrets}`),
  });
});

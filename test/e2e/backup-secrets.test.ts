// Thirty failures and more of the whole program, with canaries for every secret it is given. None may be seen anywhere.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { makeKey } from '@delivery/testing/off-site-servers/ssh-server';
import type { BackupScene } from './backup-dump-program.ts';
import { startScene } from './backup-dump-server.ts';
import { offSite, SecretScene, secretOf, spoiled } from './backup-secrets-ground.ts';
import type { FarSide } from './off-site-ground.ts';
import { daemonSide, filesOf, sshSide, writeSecrets } from './off-site-ground.ts';

type Env = Readonly<Record<string, string>>;

const wrongPassword = 'canary-of-a-wrong-password';
let server: DatabaseServer;
let dump: BackupScene;
let daemon: FarSide;
let ssh: FarSide;
let dir: string;
let scene: SecretScene;
let failures = 0;
let base: Env;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'backup-secrets-'));
  [{ server, scene: dump }, daemon, ssh] = await Promise.all([startScene(2), daemonSide(), sshSide()]);
  scene = new SecretScene(dir);
  mkdirSync(join(dir, 'volume'));
  base = {
    ...{ MSHOST: server.host, MSPORT: String(server.port), MSUSER: 'backup', MSPASS: dump.canary, MSDATABASE: 'stack' },
    ...{ BACKUP_ROOT: join(dir, 'volume'), BACKUP_TYPE: 'manual', BACKUP_LOCK_WAIT: '0' },
  };
}, 180_000);

afterAll(async () => {
  scene.stop();
  await Promise.all([server.stop(), daemon.stop(), ssh.stop()]);
  dump.remove();
  for (const folder of [dir, daemon.dir, ssh.dir]) rmSync(folder, { recursive: true });
});

async function fails(
  command: 'backup' | 'restore',
  cause: string,
  over: Env,
  during?: (kill: () => void) => Promise<void>,
) {
  const { report } = await scene.run(command, { ...base, ...over }, during);
  expect(report).toMatchObject({ verdict: 'failed', cause });
  failures += 1;
}

/** A dump program that says its version as the real one does, and then does something else. */
function script(text: string): string {
  const path = join(dir, `program-${failures}`);
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && exec mariadb-dump --version\n${text}\n`, { mode: 0o755 });
  return path;
}

describe('a backup that fails', () => {
  test.each([
    ['for a wrong password', 'access-denied', () => ({ MSPASS: wrongPassword })],
    ['for an unknown account', 'access-denied', () => ({ MSUSER: 'nobody' })],
    ['for want of a server', 'connect', () => ({ MSPORT: '1' })],
    ['for a host without an address', 'connect', () => ({ MSHOST: 'nowhere.invalid' })],
    ['for want of a database', 'connect', () => ({ MSDATABASE: 'nothing' })],
    ['for wrong variables', 'config', () => ({ MSPORT: 'x', BACKUP_KEEP: 'all', RSYNC_HOST: '-x' })],
    ['for want of a volume', 'config', () => ({ BACKUP_ROOT: join(dir, 'nowhere') })],
    ['for want of a dump program', 'config', () => ({ BACKUP_DUMP_PROGRAM: join(dir, 'no-program') })],
    [
      'as its dump program ends at once and tells its variables',
      'dump-failed',
      () => ({ BACKUP_DUMP_PROGRAM: script('env >&2; echo "$@" >&2; exit 3') }),
    ],
    [
      'as its dump program dumps nothing but its variables',
      'dump-incomplete',
      () => ({ BACKUP_DUMP_PROGRAM: script('env; echo "$@"') }),
    ],
    ['as its dump program dies', 'dump-failed', () => ({ BACKUP_DUMP_PROGRAM: script('kill -9 $$') })],
    ['for copies that are required and not described', 'off-site', () => ({ BACKUP_OFFSITE: 'required' })],
  ] as const)('%s', (_, cause, over) => fails('backup', cause, over()));

  test('for a view whose table is gone', async () => {
    await server.run('CREATE TABLE gone (a INT); CREATE VIEW zz_view AS SELECT a FROM gone; DROP TABLE gone', 'stack');
    await fails('backup', 'dump-failed', {});
    await server.run('DROP VIEW zz_view', 'stack');
  });
});

describe('a backup whose copies fail by a daemon', () => {
  test.each([
    ['for a wrong password', () => ({ RSYNC_SECRETS: writeSecrets(daemon.dir, { password: wrongPassword }) })],
    ['for want of a password', () => ({ RSYNC_SECRETS: writeSecrets(daemon.dir, {}) })],
    ['for an empty password', () => ({ RSYNC_SECRETS: writeSecrets(daemon.dir, { password: '\n' }) })],
    ['for another account', () => ({ RSYNC_USER: 'other' })],
    ['for an unknown module', () => ({ RSYNC_PATH: 'nothing/prod' })],
    ['for want of a folder', () => ({ RSYNC_PATH: 'copies/not/there' })],
    ['for want of a daemon', () => ({ RSYNC_PORT: '1' })],
    ['for a host without an address', () => ({ RSYNC_HOST: 'nowhere.invalid' })],
    ['as ssh is spoken', () => ({ RSYNC_PORT: String(ssh.settings.port) })],
  ] as const)('%s', (_, over) => fails('backup', 'off-site', offSite(daemon, over())));

  test('for a cut in the middle', async () => {
    void daemon.proxy.limit(100_000);
    await fails('backup', 'off-site', offSite(daemon));
    void daemon.proxy.limit(Infinity);
  });

  test('for a cancel in the middle', async () => {
    const stalled = daemon.proxy.limit(100_000, 'stall');
    await fails('backup', 'cancelled', offSite(daemon), async (kill) => {
      await stalled;
      kill();
    });
    void daemon.proxy.limit(Infinity);
  });
});

describe('a backup whose copies fail by ssh', () => {
  const otherKey = () => makeKey(join(mkdtempSync(join(ssh.dir, 'other-')), 'key'));

  test.each([
    ['for an unknown host', () => spoiled(ssh, { 'known-hosts': 'example.org ssh-ed25519 AAAA' })],
    [
      'for another host key',
      () => spoiled(ssh, { 'known-hosts': `[127.0.0.1]:${ssh.settings.port} ${otherKey().public}` }),
    ],
    ['for a key that is not taken', () => spoiled(ssh, { 'ssh-key': otherKey().private })],
    ['for half a key', () => spoiled(ssh, { 'ssh-key': secretOf(ssh, 'ssh-key').slice(0, 200) })],
    ['for a key among the known hosts', () => spoiled(ssh, { 'known-hosts': secretOf(ssh, 'ssh-key') })],
    ['for want of a folder', () => ({ RSYNC_PATH: join(ssh.dir, 'not', 'there') })],
    ['for want of a server', () => ({ RSYNC_PORT: '1' })],
    ['as rsync is spoken', () => ({ RSYNC_PORT: String(daemon.settings.port) })],
  ] as const)('%s', (_, over) => fails('backup', 'off-site', offSite(ssh, over())));

  test('for a cut in the middle', async () => {
    void ssh.proxy.limit(200_000);
    await fails('backup', 'off-site', offSite(ssh));
    void ssh.proxy.limit(Infinity);
  });
});

describe('a restore that fails', () => {
  const from = (over: Env = {}): Env => ({
    RESTORE_SOURCES: join(dir, 'sources'),
    RESTORE_FROM: 'prod',
    MSDATABASE: 'target',
    ...over,
  });

  beforeAll(async () => {
    mkdirSync(join(dir, 'sources', 'prod'), { recursive: true });
    await scene.run('backup', { ...base, BACKUP_ROOT: join(dir, 'sources', 'prod') });
  });

  test.each([
    ['for a wrong password', 'access-denied', { MSPASS: wrongPassword }],
    ['for want of a server', 'connect', { MSPORT: '1' }],
    ['for an account that may not', 'access-denied', {}],
    ['for wrong variables', 'config', { RESTORE_BACKUP: '../x', RESTORE_MASK: '{' }],
    ['for want of the project', 'no-source', { RESTORE_FROM: 'nobody' }],
    ['for want of the backup', 'no-backup', { RESTORE_BACKUP: 'backup-2020-01-01T00:00:00Z-stack.sql.zst' }],
  ] as const)('%s', (_, cause, over) => fails('restore', cause, from(over)));

  test('for a broken backup', async () => {
    const broken = join(dir, 'sources', 'prod');
    for (const path of filesOf(broken)) if (!path.endsWith('.json')) writeFileSync(join(broken, path), 'broken');
    await fails('restore', 'no-backup', from());
  });
});

test('a backup that is made and sent is no different', async () => {
  for (const far of [daemon, ssh]) {
    const { report } = await scene.run('backup', { ...base, ...offSite(far) });
    expect(report).toMatchObject({ verdict: 'verified', offSite: { state: 'sent' } });
  }
});

test('no secret was in any output, report, last word or command line of these runs, nor in a file that stayed', () => {
  expect(failures).toBeGreaterThanOrEqual(30);
  const keyLines = secretOf(ssh, 'ssh-key').trim().split('\n').slice(1, -1);
  const passwords = [dump.canary, daemon.secret, wrongPassword];
  const encoded = passwords.map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''));
  // The first line of every such key is the same; the last may be short.
  const canaries = [...passwords, ...encoded, ...keyLines.slice(1, -1)];
  expect(canaries.every((canary) => canary.length > 15)).toBe(true);
  expect(scene.sightings(canaries, [dir, daemon.folder, ssh.folder])).toEqual([]);
  // That the looking works at all.
  for (const seen of ['@report', 'delivery-off-site-', 'plainBytes']) {
    expect(scene.sightings([seen], [dir])).not.toEqual([]);
  }
  for (const name of ['node', 'mariadb-dump', 'zstd', 'rsync', 'ssh']) expect(scene.programs()).toContain(name);
});

// Everything that can go wrong with a backup, made to go wrong on a real MariaDB: red with its cause, the older backups as they were,
// nothing unfinished left, and the password nowhere.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import type { BackupScene, Ended, Running } from './backup-dump-program.ts';
import { until } from './backup-dump-program.ts';
import { startScene } from './backup-dump-server.ts';

let server: DatabaseServer;
let scene: BackupScene;
/** Of the first backup. By gzip, as it leaves more time to break in. */
let wholeSize = 0;
const gzip = { BACKUP_COMPRESSION: 'gzip' };
const manual = { BACKUP_TYPE: 'manual', ...gzip };

beforeAll(async () => {
  ({ server, scene } = await startScene(12));
  wholeSize = (await scene.run(gzip)).report.manifest?.bytes ?? 0;
  expect(wholeSize).toBeGreaterThan(1_000_000);
}, 120_000);

afterAll(async () => {
  await server.stop();
  scene.remove();
});

/** Runs a backup that has to fail, breaks in, and looks at everything that must not have happened. */
async function failing(
  cause: string,
  over: Readonly<Record<string, string>>,
  breakIn?: (run: Running) => Promise<void>,
): Promise<Ended> {
  const before = scene.files();
  const running = scene.start({ ...manual, ...over });
  await breakIn?.(running);
  const ended = await running.ended;
  expect(ended.report).toMatchObject({ verdict: 'failed', cause, manifest: null });
  expect(ended.code).toBe(1);
  expect(scene.files()).toEqual(before);
  expect(scene.seen).not.toContain(scene.canary);
  return ended;
}

function hasWritten(part: number): (run: Running) => Promise<void> {
  return (run) => until('the dump', () => run.partialSize() >= part * wholeSize);
}

function killed(name: string, part: number): (run: Running) => Promise<void> {
  return async (run) => {
    await hasWritten(part)(run);
    process.kill(run.programOf(name) ?? NaN, 'SIGKILL');
  };
}

test.each([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])(
  'is red when the dump is killed after %d of its bytes',
  async (part) => {
    const { report } = await failing('dump-failed', {}, killed('mariadb-dump', part));
    expect(report.sentence).toMatch(/mariadb-dump was ended by SIGKILL/);
  },
);

test('is red when the compressor is killed', async () => {
  const { report } = await failing('dump-failed', {}, killed('gzip', 0.3));
  expect(report.sentence).toMatch(/gzip was ended by SIGKILL/);
});

test('is red when the password is wrong, and does not say it', async () => {
  const wrong = 'canary-wrong-5d1f';
  const { output } = await failing('access-denied', { MSPASS: wrong });
  expect(output).not.toContain(wrong);
});

test('is red when no server answers', async () => {
  const { report } = await failing('connect', { MSPORT: '1' });
  expect(report.sentence).toMatch(/127\.0\.0\.1:1/);
});

test('names every variable that is wrong, and does nothing', async () => {
  const { report } = await failing('config', { MSHOST: '', MSPORT: 'x', BACKUP_KEEP: 'hourly=a' });
  for (const name of ['MSHOST', 'MSPORT', 'BACKUP_KEEP']) expect(report.sentence).toContain(name);
});

test.each(['RELOAD', 'PROCESS'])('says which privilege is missing: %s', async (privilege) => {
  await server.run(`REVOKE ${privilege} ON *.* FROM backup@'127.0.0.1'`);
  const { report } = await failing('access-denied', {});
  await server.run(`GRANT ${privilege} ON *.* TO backup@'127.0.0.1'`);
  expect(report.sentence).toContain(`lacks the privilege ${privilege}`);
});

test('is red when the clock of the server is ten minutes away', async () => {
  await server.run(`SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() - 600'`);
  const { report } = await failing('clock', {});
  await server.run(`SET GLOBAL init_connect = ''`);
  expect(report.sentence).toMatch(/600 s ahead of the database server's|60[01] s ahead/);
});

test('is red when the newest backup is of the future', async () => {
  const at = `${new Date(Date.now() + 600_000).toISOString().slice(0, 19)}Z`;
  const path = join(scene.root, 'hourly', `backup-${at}-stack.sql.gz`);
  writeFileSync(path, 'no backup');
  const { report } = await failing('clock', {});
  rmSync(path);
  expect(report.sentence).toMatch(/in the future/);
});

/** MariaDB's own dump program with one more option, as a site might call it; the option file stays the first. */
function dumpProgram(name: string, option: string): string {
  const path = join(scene.folder, name);
  writeFileSync(path, `#!/bin/sh\nfile=$1; shift; exec mariadb-dump "$file" ${option} "$@"\n`, { mode: 0o755 });
  return path;
}

test('is red for a view whose table is gone, also when the dump program goes on and ends the dump', async () => {
  await server.run('CREATE TABLE gone (a INT); CREATE VIEW zz_view AS SELECT a FROM gone; DROP TABLE gone', 'stack');
  const stopped = await failing('dump-failed', {});
  const forced = await failing('dump-failed', { BACKUP_DUMP_PROGRAM: dumpProgram('dump-on', '--force') });
  await server.run('DROP VIEW zz_view', 'stack');
  for (const { report } of [stopped, forced]) expect(report.sentence).toMatch(/zz_view/);
});

test('is red for a row that is longer than a packet of the dump program', async () => {
  const program = dumpProgram('dump-small', '--max-allowed-packet=4096');
  const { report } = await failing('dump-failed', { BACKUP_DUMP_PROGRAM: program });
  expect(report.next).toMatch(/longer than a packet/);
});

test('dumps again when a table was altered during the dump', async () => {
  const running = scene.start(manual);
  await hasWritten(0.1)(running);
  await server.run('ALTER TABLE zz_last FORCE', 'stack');
  const { report, output } = await running.ended;
  expect(report.verdict).toBe('verified');
  expect(output).toMatch(/dump: once more/);
});

test('is red when tables are altered again and again', async () => {
  await failing('definition-changed', {}, async (run) => {
    for (const column of ['c', 'd']) {
      await hasWritten(0.1)(run);
      await server.run(`ALTER TABLE zz_last ADD COLUMN ${column} INT`, 'stack');
      await until('the end of the attempt', () => run.partialSize() < 0.1 * wholeSize);
    }
  });
});

test('is cancelled within five seconds by SIGTERM, and leaves no process', async () => {
  let child: number | undefined;
  let told = 0;
  const { report } = await failing('cancelled', {}, async (run) => {
    await hasWritten(0.3)(run);
    child = run.programOf('mariadb-dump');
    told = performance.now();
    run.child.kill('SIGTERM');
    await run.ended;
  });
  expect(performance.now() - told).toBeLessThan(5_000);
  expect(report.sentence).toMatch(/cancelled/);
  expect(() => process.kill(child ?? NaN, 0)).toThrow(/ESRCH/);
});

test('a run after one that was killed removes what that one left, and is not hindered by it', async () => {
  const before = scene.files();
  const running = scene.start(manual);
  await hasWritten(0.3)(running);
  const dump = running.programOf('mariadb-dump') ?? NaN;
  running.child.kill('SIGKILL');
  await running.ended;
  await until('the end of the dump', () => !isAlive(dump));
  expect(Object.keys(scene.files()).length).toBeGreaterThan(Object.keys(before).length);
  const { report } = await scene.run({ ...manual, BACKUP_LOCK_WAIT: '20' });
  expect(report.verdict).toBe('verified');
  expect(Object.keys(scene.files()).filter((path) => path.includes('.partial'))).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('on a volume that is too small', () => {
  const small = () => join(scene.folder, 'small');

  beforeAll(async () => {
    mkdirSync(small());
    const size = `size=${Math.round(wholeSize * 2.5)}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', small()]);
    const first = await scene.run({ ...gzip, BACKUP_ROOT: small() });
    expect(first.report.verdict).toBe('verified');
  });

  afterAll(() => {
    execFileSync('umount', [small()]);
  });

  test('is red when it becomes full during the dump, and the older backup stays', async () => {
    const before = scene.files(small());
    const running = scene.start({ ...manual, BACKUP_ROOT: small() });
    await hasWritten(0.2)(running);
    const filler = join(small(), 'filler');
    writeFileSync(filler, Buffer.alloc(Math.round(wholeSize)));
    const { report } = await running.ended;
    rmSync(filler);
    expect(report).toMatchObject({ verdict: 'failed', cause: 'disk-full', manifest: null });
    expect(scene.files(small())).toEqual(before);
  });

  test('is red before the dump when there is no room for one like the last', async () => {
    const filler = join(small(), 'filler');
    writeFileSync(filler, Buffer.alloc(Math.round(wholeSize)));
    const { report } = await scene.run({ ...manual, BACKUP_ROOT: small() });
    rmSync(filler);
    expect(report).toMatchObject({ verdict: 'failed', cause: 'disk-full' });
    expect(report.steps.map(({ name }) => name)).not.toContain('dump');
  });
});

test('is red when the server goes away during the dump', async () => {
  const { report } = await failing('connect', {}, async (run) => {
    await hasWritten(0.3)(run);
    await server.stop();
  });
  expect(report.next).not.toBe('');
});

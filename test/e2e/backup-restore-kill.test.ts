// A restore that is killed, cancelled, doubled, or meets an application: the target is what it was or what the backup holds, and the
// next run brings it to its end.
import { CancelledError } from '@delivery/core/errors/errors';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { createConnection } from 'mysql2/promise';
import { fill, freshTarget, leftovers, RestoreScene, target } from './backup-restore-scene.ts';

let server: DatabaseServer;
let name: string;
const scene = new RestoreScene();

beforeAll(async () => {
  server = await startServer('mariadb-10.11');
  await fill(server, 'stack', 'MariaDB', 12);
  name = await scene.backUp(server, 'stack');
}, 120_000);

afterAll(async () => {
  await server.stop();
  scene.remove();
});

beforeEach(() => freshTarget(server));

async function targetTables(): Promise<string> {
  return server.run(`SHOW TABLES IN ${target}`);
}

async function restoreEnds(): Promise<void> {
  expect(await scene.restore(server)).toMatchObject({ verdict: 'equal', backup: name, mismatches: [] });
  expect(await leftovers(server)).toBe('');
}

test.each(['lock', 'verify', 'load', 'compare', 'objects'])(
  'killed after its step %s, it leaves the target as it was, and the next one ends well',
  async (step) => {
    let isKilled = false;
    await scene.start(server, (line, kill) => {
      if (line.startsWith(`${step}:`)) kill();
      isKilled ||= line.startsWith(`${step}:`);
    });
    expect(isKilled).toBe(true);
    // From `objects` on the swap may have begun.
    if (step !== 'objects') expect(await targetTables()).toBe('mine\n');
    await restoreEnds();
  },
);

test('killed while it loads, it leaves the target as it was, and the next one ends well', async () => {
  let loading: Promise<void> | undefined;
  await scene.start(server, (line, kill) => {
    if (line.startsWith('verify:')) loading = untilLoading().then(kill);
  });
  await loading;
  expect(await leftovers(server)).toMatch(/staging__delivery_restore/);
  expect(await targetTables()).toBe('mine\n');
  await restoreEnds();
});

/** Asks the server until the first large table is there. */
async function untilLoading(): Promise<void> {
  const there = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA LIKE '%delivery%' AND TABLE_NAME = 'molecule'`;
  while ((await server.run(there)) === '0\n');
}

test('cancelled while it loads, it removes what it made within five seconds', async () => {
  const cancel = new AbortController();
  const running = scene.restore(server, {}, cancel.signal);
  await untilLoading();
  cancel.abort(new CancelledError('restore (SIGTERM)'));
  const from = performance.now();
  expect(await running).toMatchObject({ verdict: 'failed', cause: 'cancelled' });
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await leftovers(server)).toBe('');
  expect(await targetTables()).toBe('mine\n');
});

test('a drill that is cancelled leaves nothing either', async () => {
  const cancel = new AbortController();
  const running = scene.restore(server, { RESTORE_DRILL: 'true' }, cancel.signal);
  await untilLoading();
  cancel.abort(new CancelledError('restore (SIGTERM)'));
  expect(await running).toMatchObject({ verdict: 'failed', drill: true });
  expect(await leftovers(server)).toBe('');
});

test('two at once do not meet: the second waits, or says that it may not', async () => {
  const first = scene.restore(server);
  await untilLoading();
  expect(await scene.restore(server, { BACKUP_LOCK_WAIT: '0' })).toMatchObject({ verdict: 'failed', cause: 'locked' });
  const ends = await Promise.all([first, scene.restore(server)]);
  expect(ends.map(({ verdict }) => verdict)).toEqual(['equal', 'equal']);
});

test('an application that has the target open is named, not waited for without end, and loses nothing', async () => {
  const { host, port, rootPassword } = server;
  const application = await createConnection({ host, port, user: 'root', password: rootPassword, database: target });
  await application.query('CREATE TABLE used (a INT)');
  await application.query('START TRANSACTION');
  await application.query('INSERT INTO used VALUES (1)');
  const report = await scene.restore(server);
  expect(report).toMatchObject({
    verdict: 'failed',
    cause: 'target-busy',
    next: expect.stringMatching(/to zero/) as string,
  });
  await application.query('COMMIT');
  await application.end();
  expect(await server.run(`SELECT a FROM ${target}.used`)).toBe('1\n');
  await restoreEnds();
});

test('a wrong password is said to be one, and is in no line', async () => {
  const report = await scene.restore(server, { MSPASS: 'canary-of-a-password' });
  expect(report).toMatchObject({ verdict: 'failed', cause: 'access-denied' });
  expect(JSON.stringify([report, scene.said])).not.toMatch(/canary-of-a-password/);
});

test('a statement that is longer than the server takes is told before anything is changed', async () => {
  await server.run('SET GLOBAL max_allowed_packet = 65536');
  const report = await scene.restore(server);
  await server.run('SET GLOBAL max_allowed_packet = 67108864');
  expect(report).toMatchObject({
    verdict: 'failed',
    cause: 'load-failed',
    next: expect.stringMatching(/max_allowed_packet/) as string,
  });
  expect(await targetTables()).toBe('mine\n');
});

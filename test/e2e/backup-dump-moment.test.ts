// One moment: while others write, the dump, its rows and its checksums are of the same snapshot, on every server that can be had here.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TableRecord } from '@delivery/core/domain/backup/manifest';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { serverProgram } from '@delivery/testing/database-servers/programs';
import { connect, disconnect, select } from '../../packages/backup/src/database.ts';
import { readTable } from '../../packages/backup/src/facts.ts';
import { BackupScene } from './backup-dump-program.ts';

const { signal } = new AbortController();

/** Each step adds one to a number and one row to another table, in one transaction; until it is told to stop. */
async function write(server: DatabaseServer, stop: AbortSignal): Promise<number> {
  const { host, port, rootPassword: password } = server;
  const session = await connect({ host, port, user: 'root', password, database: 'stack' }, signal);
  let steps = 0;
  for (; !stop.aborted; steps += 1) {
    await select(session, 'START TRANSACTION', { signal });
    await select(session, 'UPDATE counter SET n = n + 1', { signal });
    await select(session, `INSERT INTO line (text) VALUES (REPEAT('x', 200))`, { signal });
    await select(session, 'COMMIT', { signal });
  }
  disconnect(session);
  return steps;
}

const kinds = [
  { kind: 'mariadb-10.11', program: async () => 'mariadb-dump' },
  { kind: 'mariadb-11.4', program: async () => 'mariadb-dump' },
  // MariaDB's cannot dump it: docs/backups.md.
  { kind: 'mysql-5.6', program: ownDump },
] as const;

async function ownDump(): Promise<string> {
  const { command } = await serverProgram('mysql-5.6');
  return join(command, '../mysqldump');
}

test.each(kinds)('a backup of $kind is of one moment, and holds what its manifest says', async ({ kind, program }) => {
  const server = await startServer(kind);
  const password = server.rootPassword;
  const scene = new BackupScene({
    ...{ MSHOST: server.host, MSPORT: String(server.port), MSUSER: 'root', MSPASS: password, MSDATABASE: 'stack' },
    BACKUP_DUMP_PROGRAM: await program(),
  });
  try {
    await server.run(
      `CREATE DATABASE stack; CREATE DATABASE copy; USE stack;
       CREATE TABLE counter (n INT NOT NULL) ENGINE=InnoDB; INSERT INTO counter VALUES (0);
       CREATE TABLE line (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(200)) ENGINE=InnoDB;
       CREATE TABLE bulk (id INT PRIMARY KEY, b BLOB) ENGINE=InnoDB;
       INSERT INTO bulk SELECT a.n * 100 + b.n * 10 + c.n, REPEAT(MD5(a.n + b.n), 1000) FROM (${digits}) a, (${digits}) b, (${digits}) c;`,
    );
    const stop = new AbortController();
    const writing = write(server, stop.signal);
    const { report } = await scene.run();
    stop.abort();
    const steps = await writing;
    expect(report).toMatchObject({ verdict: 'verified', cause: '' });
    const path = join(scene.root, 'hourly', report.manifest?.file ?? '');
    await server.run(execFileSync('zstd', ['-dc', path], { maxBuffer: 1e9 }).toString('utf8'), 'copy');
    const session = await connect(
      { host: server.host, port: server.port, user: 'root', password, database: 'copy' },
      signal,
    );
    const tables = new Map(report.manifest?.tables.map((table): [string, TableRecord] => [table.name, table]));
    for (const [name, { rows, checksum, content }] of tables) {
      expect({ name, ...(await readTable(session, 'copy', name, signal)) }).toEqual({ name, rows, checksum, content });
    }
    const [counter] = await select(session, 'SELECT n FROM counter', { signal });
    disconnect(session);
    expect(Number(counter?.['n'])).toBe(tables.get('line')?.rows);
    // Both would be the same if nobody had written.
    expect(steps).toBeGreaterThan(Number(counter?.['n']));
    expect(Number(counter?.['n'])).toBeGreaterThan(0);
  } finally {
    await server.stop();
    scene.remove();
  }
});

test('waits for a long statement of others and never ends it, and lets writers go on meanwhile', async () => {
  // MySQL: MariaDB gives the read lock beside a statement that only reads.
  const server = await startServer('mysql-5.6');
  const scene = new BackupScene({
    ...{ MSHOST: server.host, MSPORT: String(server.port), MSUSER: 'root', MSPASS: server.rootPassword },
    ...{ MSDATABASE: 'stack', BACKUP_DUMP_PROGRAM: await ownDump() },
  });
  try {
    await server.run(
      'CREATE DATABASE stack; CREATE TABLE stack.a (b INT) ENGINE=InnoDB; INSERT INTO stack.a VALUES (1)',
    );
    const reading = server.run('SELECT SLEEP(6) FROM a', 'stack');
    const running = scene.start();
    const writing = server.run('INSERT INTO a VALUES (2), (3)', 'stack');
    await Promise.all([reading, writing]);
    const { report, output } = await running.ended;
    expect(report.verdict).toBe('verified');
    expect(output).toMatch(/not had within a second; a statement of root/);
  } finally {
    await server.stop();
    scene.remove();
  }
});

const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `SELECT ${n} AS n`).join(' UNION ALL ');

import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@delivery/testing/database-servers/start';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'servers-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe.each([
  ['mariadb-10.11', /^10\.11\.\d+-MariaDB/],
  ['mariadb-11.4', /^11\.4\.5-MariaDB/],
  ['mysql-5.6', /^5\.6\.14$/],
] as const)('the %s of the tests', (kind, version) => {
  test('starts, says its version, keeps what it is told, stops and leaves nothing', async () => {
    const server = await startServer(kind, { dir, config: { 'max-connections': '17' } });
    try {
      expect(server.version).toMatch(version);
      await server.run(
        "CREATE DATABASE things; USE things; CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4) ENGINE=InnoDB; INSERT INTO t VALUES ('größe 😀');",
      );
      expect(await server.run('SELECT a, @@max_connections FROM t', 'things')).toBe('größe 😀\t17\n');
      await expect(server.run('SELECT * FROM nothing.here')).rejects.toThrow('nothing');
    } finally {
      await server.stop();
    }
    expect(await readdir(dir)).toEqual([]);
    expect(existsSync(server.socket)).toBe(false);
    expect(await refuses(server.port)).toBe(true);
  });
});

test('a server that cannot start says why and leaves nothing', async () => {
  await expect(startServer('mariadb-10.11', { dir, config: { 'no-such-option': '1' } })).rejects.toThrow(
    'no-such-option',
  );
  expect(await readdir(dir)).toEqual([]);
});

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
    socket.on('connect', () => socket.destroy());
  });
}

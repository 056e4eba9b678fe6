// A database of more than 200 MB comes back equal, the keys of its large tables made after their rows; and another one goes into a server of
// another version.
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { fill, leftovers, RestoreScene, structure, target } from './backup-restore-scene.ts';

let server: DatabaseServer;
let other: DatabaseServer;
const scene = new RestoreScene();

beforeAll(async () => {
  [server, other] = [await startServer('mariadb-10.11'), await startServer('mariadb-11.4')];
  await fill(server, 'stack', 'MariaDB', 230, 0.8);
}, 180_000);

afterAll(async () => {
  await server.stop();
  await other.stop();
  scene.remove();
});

test('200 MB with blobs, keys, foreign keys, views, routines, triggers are equal, on the same version and on another', async () => {
  const name = await scene.backUp(server, 'stack');
  expect(scene.read(name).length).toBeGreaterThan(200_000_000);
  for (const to of [server, other]) {
    const report = await scene.restore(to);
    expect(report).toMatchObject({ verdict: 'equal', alarms: [], mismatches: [] });
    expect(report.tables.filter(({ verdict }) => verdict !== 'equal')).toEqual([]);
    expect(await leftovers(to)).toBe('');
  }
  expect(await structure(server, target)).toEqual(await structure(server, 'stack'));
}, 180_000);

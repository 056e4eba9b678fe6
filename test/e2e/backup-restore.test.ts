// A restore on real servers: a rich database comes back equal, on another version too; what is not equal is found; what is asked to be
// masked is; a drill leaves nothing.
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import type { ServerKind } from '@delivery/testing/database-servers/programs';
import { dumpProgram, fill, freshTarget, leftovers, RestoreScene, structure, target } from './backup-restore-scene.ts';

type Product = 'MariaDB' | 'MySQL';

const servers = new Map<ServerKind, DatabaseServer>();
const scenes = new Map<string, { readonly scene: RestoreScene; readonly name: string }>();

beforeAll(async () => {
  for (const kind of ['mariadb-10.11', 'mariadb-11.4', 'mysql-5.6'] as const)
    servers.set(kind, await startServer(kind));
  for (const [kind, product] of [
    ['mariadb-10.11', 'MariaDB'],
    ['mariadb-11.4', 'MariaDB'],
    ['mysql-5.6', 'MySQL'],
    // What both know, to go from MariaDB to MySQL.
    ['mariadb-10.11', 'MySQL'],
  ] as const) {
    const scene = new RestoreScene();
    const database = `of_${product.toLowerCase()}`;
    await fill(serverOf(kind), database, product);
    scenes.set(`${kind} ${product}`, {
      scene,
      name: await scene.backUp(serverOf(kind), database, await dumpProgram(kind)),
    });
  }
}, 120_000);

afterAll(async () => {
  for (const { scene } of scenes.values()) scene.remove();
  for (const server of servers.values()) await server.stop();
});

function serverOf(kind: ServerKind): DatabaseServer {
  return servers.get(kind)!;
}

function sceneOf(kind: ServerKind, product: Product = 'MariaDB') {
  return scenes.get(`${kind} ${product}`)!;
}

describe.each<[ServerKind, ServerKind]>([
  ['mariadb-10.11', 'mariadb-10.11'],
  ['mariadb-11.4', 'mariadb-11.4'],
  ['mysql-5.6', 'mysql-5.6'],
])('a backup of %s', (from, to) => {
  test(`is equal on ${to}, with all keys, foreign keys, next numbers and comments`, async () => {
    const product = from === 'mysql-5.6' ? 'MySQL' : 'MariaDB';
    const { scene } = sceneOf(from, product);
    const report = await scene.restore(serverOf(to));
    expect(report).toMatchObject({ verdict: 'equal', cause: '', alarms: [], mismatches: [] });
    expect(report.tables.filter(({ verdict }) => verdict !== 'equal')).toEqual([]);
    expect(report.tables.length).toBeGreaterThan(17);
    expect(await structure(serverOf(to), target)).toEqual(
      await structure(serverOf(from), `of_${product.toLowerCase()}`),
    );
    expect(await leftovers(serverOf(to))).toBe('');
  });
});

test.each<[ServerKind, Product, ServerKind]>([
  ['mariadb-10.11', 'MariaDB', 'mariadb-11.4'],
  ['mariadb-11.4', 'MariaDB', 'mariadb-10.11'],
])('a backup of %s (%s) is equal on %s', async (from, product, to) => {
  const report = await sceneOf(from, product).scene.restore(serverOf(to));
  expect(report).toMatchObject({ verdict: 'equal', alarms: [], mismatches: [] });
});

test.each<[ServerKind, Product, ServerKind]>([
  ['mysql-5.6', 'MySQL', 'mariadb-10.11'],
  ['mysql-5.6', 'MySQL', 'mariadb-11.4'],
  ['mariadb-10.11', 'MySQL', 'mysql-5.6'],
])(
  'all rows of a backup of %s (%s) are equal on %s; definitions are told in other words',
  async (from, product, to) => {
    const report = await sceneOf(from, product).scene.restore(serverOf(to));
    expect(report).toMatchObject({ mismatches: [] });
    expect(report.tables.filter(({ verdict }) => verdict !== 'equal')).toEqual([]);
    expect(report.alarms.filter((alarm) => !/^the (view|routine) .* may tell it in other words$/.test(alarm))).toEqual(
      [],
    );
  },
);

test('what MySQL does not know of MariaDB is named, and the target stays as it was', async () => {
  const mysql = serverOf('mysql-5.6');
  await freshTarget(mysql);
  const report = await sceneOf('mariadb-10.11').scene.restore(mysql);
  expect(report).toMatchObject({ verdict: 'failed', cause: 'load-failed' });
  expect(report.sentence).toMatch(/the table documents.*SQL syntax/);
  expect(await mysql.run(`SHOW TABLES IN ${target}`)).toBe('mine\n');
  expect(await leftovers(mysql)).toBe('');
});

test('what is restored works: views on views, functions, triggers, procedures, by an account that nobody can log in with', async () => {
  const server = serverOf('mariadb-10.11');
  await sceneOf('mariadb-10.11').scene.restore(server);
  expect(await server.run('SELECT loud FROM by_routine WHERE id = 1; SELECT COUNT(*) FROM a_named', target)).toBe(
    'TARGET 1 🎯!; $$ 🧪\n10\n',
  );
  await server.run(`INSERT INTO target (title) VALUES ('new'); CALL add_audit('x', @n)`, target);
  expect(await server.run('SELECT COUNT(*) FROM audit', target)).toBe('2\n');
  const owners = `SELECT DISTINCT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '${target}'`;
  const owner = (await server.run(owners)).trim();
  expect(owner).toMatch(/^restored_[0-9a-f]{6}@127.0.0.1$/);
  const [user, host] = owner.split('@');
  expect(await server.run(`SHOW GRANTS FOR '${user}'@'${host}'`)).not.toMatch(/ ON \*\.\* .*(ALL|SUPER)/);
  expect(await server.run(`SHOW CREATE USER '${user}'@'${host}'`)).toMatch(/ACCOUNT LOCK/);
});

test('a drill compares everything, and leaves neither a database nor an account nor a change', async () => {
  const server = serverOf('mariadb-11.4');
  await freshTarget(server);
  const accounts = await server.run('SELECT User, Host FROM mysql.user');
  const report = await sceneOf('mariadb-10.11').scene.restore(server, { RESTORE_DRILL: 'true' });
  expect(report).toMatchObject({ verdict: 'equal', drill: true });
  expect(await server.run(`SHOW TABLES IN ${target}`)).toBe('mine\n');
  expect(await server.run('SELECT User, Host FROM mysql.user')).toBe(accounts);
  expect(await leftovers(server)).toBe('');
});

test('masks what it is told to, rows of unique columns by their number, and nothing else', async () => {
  const server = serverOf('mariadb-10.11');
  const mask = { target: { title: 'target {n}' }, molecule: { note: null, smiles: 'C' } };
  const report = await sceneOf('mariadb-10.11').scene.restore(server, { RESTORE_MASK: JSON.stringify(mask) });
  expect(report).toMatchObject({ verdict: 'equal', masked: ['target.title', 'molecule.note', 'molecule.smiles'] });
  const kept = `SELECT COUNT(DISTINCT title), MIN(title) FROM target; SELECT DISTINCT note, smiles FROM molecule; SELECT COUNT(*) FROM audit;
    SELECT COUNT(*) FROM molecule m JOIN of_mariadb.molecule o USING (id) WHERE m.made_at = o.made_at AND m.inchi_key = o.inchi_key`;
  expect((await server.run(kept, target)).split('\n')).toEqual(['20\ttarget 1', 'NULL\tC', '0', '40', '']);
});

test.each<[string, object, RegExp]>([
  ['a table', { no_such: { a: null } }, /no table no_such/],
  ['a column', { target: { no_such: null } }, /no column target.no_such/],
  ['what others are generated from only', { generated: { up: 'x' } }, /generated.up is generated/],
  ['one text for a unique column', { target: { title: 'x' } }, /\{n\}/],
  ['a text that is too long', { no_key: { b: 'x'.repeat(11) } }, /no_key could not be masked.*too long/],
])('refuses to mask %s that cannot be masked so, before the target is touched', async (_, mask, sentence) => {
  const server = serverOf('mariadb-10.11');
  await freshTarget(server);
  const report = await sceneOf('mariadb-10.11').scene.restore(server, { RESTORE_MASK: JSON.stringify(mask) });
  expect(report).toMatchObject({
    verdict: 'failed',
    cause: 'mask',
    sentence: expect.stringMatching(sentence) as string,
  });
  expect(await server.run(`SHOW TABLES IN ${target}`)).toBe('mine\n');
  expect(await leftovers(server)).toBe('');
});

test('finds one other byte in one row, a row less, another view, and a trigger that is gone', async () => {
  const { scene, name } = sceneOf('mariadb-10.11');
  const server = serverOf('mariadb-10.11');
  await freshTarget(server);
  const changes: readonly [(dump: string) => string, string][] = [
    [(dump) => dump.replace("'aspirin'", "'aspirim'"), 'the table generated has 4 rows, but not the same content'],
    [(dump) => dump.replace("(2,2010,'mid'),\n", ''), 'the table by_year has 2 rows, the manifest says 3'],
    [
      (dump) => dump.replace('`molecule`.`id` <= 10', '`molecule`.`id` <= 11'),
      'the view top_molecule is not defined as it was',
    ],
    [
      (dump) => dump.replace(/\/\*!50003 CREATE\*\/ .*no_key_changed[^;]*;;\n/s, 'SET @x = 1 ;;\n'),
      'the trigger no_key_changed is missing',
    ],
  ];
  for (const [change, mismatch] of changes) {
    const file = scene.putChanged(name, change);
    const report = await scene.restore(server, { RESTORE_BACKUP: file });
    expect(report).toMatchObject({ verdict: 'failed', cause: 'mismatch', mismatches: [mismatch] });
  }
  expect(await server.run(`SHOW TABLES IN ${target}`)).toBe('mine\n');
});

test('an old file without a manifest is restored, its rows counted, and called unproven', async () => {
  const { scene, name } = sceneOf('mariadb-10.11');
  const old = scene.putOld(
    'backup-2019-11-22T01:05:00Z-stack.sql.gz',
    Buffer.from(scene.read(name), 'latin1').toString(),
  );
  const server = serverOf('mariadb-10.11');
  const report = await scene.restore(server, { RESTORE_BACKUP: old });
  expect(report).toMatchObject({ verdict: 'unproven', alarms: [expect.stringMatching(/old system/)] });
  expect(report.tables.find((table) => table.name === 'target')).toEqual({
    name: 'target',
    rows: 20,
    verdict: 'not-compared',
  });
  expect(await structure(server, target)).toEqual(await structure(server, 'of_mariadb'));
});

test('lists what there is, and names the nearest of a backup that is not there', async () => {
  const { scene, name } = sceneOf('mariadb-11.4');
  const listed = await scene.list(serverOf('mariadb-11.4'));
  expect(listed).toMatchObject({ verdict: 'listed', inventory: [{ name, tiers: ['manual'], trouble: '' }] });
  const asked = { RESTORE_BACKUP: 'backup-2020-01-01T00:00:00Z-stack.sql.zst' };
  const report = await scene.restore(serverOf('mariadb-11.4'), asked);
  expect(report).toMatchObject({
    verdict: 'failed',
    cause: 'no-backup',
    sentence: expect.stringContaining(name) as string,
  });
});

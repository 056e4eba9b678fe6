// What a dump may try: to run programs, to read and write files, to get at other databases, accounts and the server's settings. Nothing
// of it happens, whether the program refuses the statement or the server does.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { freshTarget, leftovers, RestoreScene, target } from './backup-restore-scene.ts';

let server: DatabaseServer;
const scene = new RestoreScene();
const folder = mkdtempSync(join(tmpdir(), 'attack-'));
const touched = join(folder, 'touched');
let before: string;

/** Everything outside of the target that a dump could want to change. */
const state = `CHECKSUM TABLE other.secret; SHOW TABLES IN other; SHOW DATABASES; SELECT User, Host FROM mysql.user; SELECT * FROM mysql.db;
  SHOW GLOBAL VARIABLES LIKE 'general_log'; SHOW GLOBAL VARIABLES LIKE 'local_infile'; SELECT ROUTINE_NAME FROM information_schema.ROUTINES
  WHERE ROUTINE_SCHEMA = 'other'; SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'other'`;

beforeAll(async () => {
  chmodSync(folder, 0o777);
  server = await startServer('mariadb-10.11', { config: { 'local-infile': '1' } });
  await server.run(
    `CREATE DATABASE other; CREATE TABLE other.secret (a VARCHAR(50)); INSERT INTO other.secret VALUES ('canary')`,
  );
  await freshTarget(server);
  before = await server.run(state);
}, 60_000);

afterAll(async () => {
  await server.stop();
  scene.remove();
  rmSync(folder, { recursive: true });
});

const head = `-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB
/*!40101 SET NAMES utf8mb4 */;
`;
const table = 'CREATE TABLE `a` (\n  `x` varchar(500)\n);\n';
const end = '-- Dump completed on 2026-11-23  4:05:06\n';

let count = 0;

/** Restores a dump with these lines in it. */
async function restore(lines: string, beginning = head) {
  const name = `backup-2026-11-22T00:${String(count++).padStart(2, '0')}:00Z-stack.sql.gz`;
  scene.putOld(name, `${beginning}${table}${lines}\n${end}`);
  return scene.restore(server, { RESTORE_BACKUP: name });
}

async function expectNothing(): Promise<void> {
  expect(existsSync(touched)).toBe(false);
  expect(await server.run(state)).toBe(before);
  expect(await leftovers(server)).toBe('');
}

const commands = [
  '\\! touch FILE',
  'system touch FILE',
  '\\. FILE',
  'source FILE',
  'tee FILE',
  '\\T FILE',
  'pager touch FILE',
  '\\P touch FILE',
];

describe.each([
  ['of mariadb-dump', head],
  ['of another program', '-- some other dump\n'],
])('a dump %s', (_, beginning) => {
  test.each(commands)('does not run the client’s command %s between statements', async (command) => {
    const report = await restore(`${command.replace('FILE', touched)}\nSET @a = 1;`, beginning);
    expect(report).toMatchObject({ verdict: 'failed', cause: 'verify-failed' });
    await expectNothing();
  });

  test.each(commands)('does not run the client’s command %s within a statement', async (command) => {
    const report = await restore(
      `CREATE TABLE \`b\` (\n${command.replace('FILE', touched)}\n  \`y\` int\n);`,
      beginning,
    );
    expect(report).toMatchObject({ verdict: 'failed', cause: 'load-failed' });
    await expectNothing();
  });
});

test.each([
  'USE `other`;\nUSE `stack`;',
  'DROP TABLE IF EXISTS `other`.`secret`;',
  'DROP DATABASE `other`;',
  "CREATE USER 'evil'@'%' IDENTIFIED BY 'x';",
  "GRANT ALL ON *.* TO 'root'@'%' IDENTIFIED BY 'x';",
  "/*!50003 GRANT ALL ON *.* TO 'evil'@'%' IDENTIFIED BY 'x' */;",
  'SET GLOBAL general_log = 1;',
  "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `a`;",
  `SELECT 'x' INTO OUTFILE '${touched}';`,
  "INSERT INTO `other`.`secret` VALUES ('x');",
  'CREATE TABLE `other`.`b` (x INT);',
  'SET STATEMENT max_statement_time=1 FOR DROP DATABASE other;',
])('refuses %j before anything is changed', async (lines) => {
  expect(await restore(lines)).toMatchObject({ verdict: 'failed', cause: 'verify-failed' });
  expect(await server.run(`SHOW TABLES IN ${target}`)).toBe('mine\n');
  await expectNothing();
});

test('does not go to the database that a dump names, nor drops anything', async () => {
  const report = await restore('USE `other`;\nDROP TABLE IF EXISTS `secret`;\nCREATE TABLE `secret` (a INT);');
  expect(report.tables.map(({ name }) => name)).toEqual(['a', 'secret']);
  await freshTarget(server);
  await expectNothing();
});

test('takes no folder for a table from a dump', async () => {
  const report = await restore(`CREATE TABLE \`b\` (y INT) ENGINE=MyISAM DATA DIRECTORY='${folder}';`);
  expect(report).toMatchObject({ verdict: 'unproven' });
  expect(readdirSync(folder)).toEqual([]);
  await freshTarget(server);
});

test.each([
  ['reads another database', 'INSERT INTO `a` VALUES ((SELECT a FROM other.secret));'],
  ['reads the accounts', 'INSERT INTO `a` VALUES ((SELECT GROUP_CONCAT(authentication_string) FROM mysql.user));'],
  ['is made of another database', 'CREATE TABLE `b` (y varchar(50)) SELECT a FROM other.secret;'],
  ['is another server’s', "CREATE TABLE `b` (y INT) ENGINE=FEDERATED CONNECTION='mysql://x@127.0.0.1/y';"],
  [
    'makes a trigger of another database',
    'CREATE TRIGGER other.t BEFORE INSERT ON other.secret FOR EACH ROW SET @a = 1;',
  ],
  ['makes a routine of another database', 'CREATE PROCEDURE `other`.p() SELECT 1;'],
  ['sets the server in a setting of the session', 'SET @a = 1, GLOBAL general_log = 1;'],
  ['writes a file in a setting of the session', `SET @a = (SELECT 'x' INTO OUTFILE '${touched}');`],
])('a statement that looks like one of a dump and %s is refused by the server', async (_, lines) => {
  const report = await restore(lines);
  expect(report).toMatchObject({ verdict: 'failed', cause: expect.stringMatching(/^(load|verify)-failed$/) as string });
  await expectNothing();
});

test('reads no file of the server: its account has no right to', async () => {
  const report = await restore("INSERT INTO `a` VALUES (LOAD_FILE('/etc/passwd'));");
  expect(report).toMatchObject({ verdict: 'unproven' });
  expect(await server.run(`SELECT x FROM ${target}.a`)).toBe('NULL\n');
  await freshTarget(server);
});

test('what a dump says is root’s does not run with the rights of root', async () => {
  const definer = 'DEFINER=`root`@`localhost`';
  const report = await restore(
    `DELIMITER ;;
CREATE ${definer} PROCEDURE \`steal\`() SQL SECURITY DEFINER BEGIN INSERT INTO a SELECT a FROM other.secret; END ;;
/*!50106 CREATE*/ /*!50117 ${definer}*/ /*!50106 EVENT \`now\` ON SCHEDULE EVERY 1 SECOND DO INSERT INTO other.secret VALUES ('event') */ ;;
/*!50003 CREATE*/ /*!50017 ${definer}*/ /*!50003 TRIGGER \`t\` BEFORE INSERT ON a FOR EACH ROW INSERT INTO other.secret VALUES ('trigger') */;;
DELIMITER ;`,
  );
  expect(report).toMatchObject({ verdict: 'unproven', cause: '' });
  await expect(server.run('CALL steal()', target)).rejects.toThrow(/denied/);
  await expect(server.run('INSERT INTO a VALUES (1)', target)).rejects.toThrow(/denied/);
  expect(await server.run("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE DEFINER LIKE 'root%'")).toBe('0\n');
  await server.run('SET GLOBAL event_scheduler = 1; DO SLEEP(2); SET GLOBAL event_scheduler = 0');
  expect(await server.run('SELECT a FROM other.secret')).toBe('canary\n');
  await freshTarget(server);
  await server.run(
    "DELETE FROM mysql.db WHERE User LIKE 'restored%'; DELETE FROM mysql.global_priv WHERE User LIKE 'restored%'; FLUSH PRIVILEGES",
  );
  await expectNothing();
});

test('follows no link out of the volume', async () => {
  const name = 'backup-2026-11-22T05:00:00Z-stack.sql.gz';
  symlinkSync('/etc/passwd', join(scene.root, 'manual', name));
  expect(await scene.restore(server, { RESTORE_BACKUP: name })).toMatchObject({
    verdict: 'failed',
    cause: 'no-backup',
  });
});

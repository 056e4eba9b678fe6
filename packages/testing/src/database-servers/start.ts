import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Background } from '../background.ts';
import { freePort, inBackground } from '../background.ts';
import { ownFolder } from './own-folder.ts';
import type { ServerKind } from './programs.ts';
import { asThisUser, find, serverProgram } from './programs.ts';

/** A database server of a test, on loopback, with a data folder of its own. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
  readonly socket: string;
  /** Of `root`, from 127.0.0.1 and by the socket. */
  readonly rootPassword: string;
  /** As the server says it: `10.11.19-MariaDB-0+deb12u1`. */
  readonly version: string;
  /** Its data folder. */
  readonly data: string;
  /** Runs statements as root with the `mariadb` client (DELIMITER works) and gives rows as lines with tabs; throws what the client says. */
  run(sql: string, database?: string): Promise<string>;
  /** Ends the server at once, as a crash would, and removes its data. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Where its folder is made; default: the system's temporary folder. Short: a socket's path has at most 107 characters. */
  readonly dir?: string;
  /** Options of the server by name without dashes, such as `max-allowed-packet: '16M'`; they go before this module's own. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * Starts a real server on a free port of 127.0.0.1. It does not wait for the disk, and it ends with the process that started it. The
 * first start of a kind may fetch it: up to 310 MB.
 */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<DatabaseServer> {
  const program = await serverProgram(kind);
  const folder = ownFolder(options.dir ?? tmpdir(), 'database-server');
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')];
  const rootPassword = randomBytes(12).toString('hex');
  const port = await freePort();
  let server: Background | undefined;
  const stop = async () => {
    await server?.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await cp(program.data, data, { recursive: true });
    const init = join(folder, 'init.sql');
    writeFileSync(init, passwordStatements(rootPassword), { mode: 0o600 });
    const own = Object.entries({
      ...{ datadir: data, tmpdir: folder, socket, port, 'pid-file': join(folder, 'pid'), 'init-file': init },
      ...{ 'bind-address': '127.0.0.1', ...quick, ...options.config },
    }).map(([name, value]) => `--${name}=${value}`);
    const args = ['--no-defaults', ...program.options, ...asThisUser, ...own];
    server = await inBackground(program.command, args, 'ready for connections');
    rmSync(init);
    const run = (sql: string, database?: string) => query(socket, rootPassword, sql, database);
    const version = (await run('SELECT VERSION()')).trim();
    return { host: '127.0.0.1', port, socket, rootPassword, version, data, run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** For data that nobody needs tomorrow, on a machine that others use too. */
const quick = {
  'innodb-flush-log-at-trx-commit': '2',
  'innodb-buffer-pool-size': '64M',
  'max-allowed-packet': '64M',
  'skip-name-resolve': '1',
  // MariaDB 11.4 makes itself an RSA key at each start, which takes seconds.
  ssl: '0',
};

/** One statement a line, as an init file has to have it. */
function passwordStatements(password: string): string {
  const grant = (host: string) =>
    `GRANT ALL PRIVILEGES ON *.* TO 'root'@'${host}' IDENTIFIED BY '${password}' WITH GRANT OPTION;\n`;
  return grant('localhost') + grant('127.0.0.1');
}

async function query(socket: string, password: string, sql: string, database = ''): Promise<string> {
  const options = ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch', '--skip-column-names'];
  const env = { ...process.env, MYSQL_PWD: password };
  const args = [...options, '--default-character-set=utf8mb4', `--database=${database}`];
  const client = spawn(find('mariadb'), args, { env });
  client.stdin.on('error', () => undefined).end(sql);
  const exited = once(client, 'exit');
  const [output, complaint] = await Promise.all([text(client.stdout), text(client.stderr)]);
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(complaint.trim() || `mariadb ended with ${String(code)}`);
  return output;
}

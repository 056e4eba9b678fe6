import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerSettings } from './database.ts';

/** A file for `--defaults-file=`, readable by this user only, so that the password is on no command line. */
export interface OptionFile {
  readonly path: string;
  remove(): Promise<void>;
}

/** The longest row that the protocol carries: 1 GiB. The client's own limit of 16 MiB ends a dump in its middle. */
const maxPacket = '1G';

/** Holds server, account and packet size for MariaDB's and MySQL's programs. Throws when the temporary folder cannot be written. */
export async function writeOptionFile({ host, port, user, password }: ServerSettings): Promise<OptionFile> {
  const folder = await mkdtemp(join(tmpdir(), 'delivery-backup-'));
  const path = join(folder, 'client.cnf');
  const lines = [
    '[client]',
    `host=${quoted(host)}`,
    `port=${port}`,
    `user=${quoted(user)}`,
    `password=${quoted(password)}`,
    'protocol=tcp',
    // Not known to every program. From 11.4 on MariaDB's insist on TLS that older servers do not have.
    'loose-skip-ssl-verify-server-cert',
    `loose-max-allowed-packet=${maxPacket}`,
    '',
  ];
  await writeFile(path, lines.join('\n'), { mode: 0o600, flag: 'wx' });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** mariadb.com/kb: "Configuring MariaDB with Option Files", "Option File Syntax". */
function quoted(value: string): string {
  return `"${value.replace(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}

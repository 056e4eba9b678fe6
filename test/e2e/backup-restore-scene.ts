// A volume of backups made by the program itself, and restores of it into real servers, in this process or as a process to kill.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { runBackup } from '@delivery/backup/backup/run-backup';
import { runRestore } from '@delivery/backup/restore/run-restore';
import { systemClock } from '@delivery/core/adapters/clock';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { ListReport, RestoreReport } from '@delivery/core/domain/backup/report';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import type { ServerKind } from '@delivery/testing/database-servers/programs';
import { serverProgram } from '@delivery/testing/database-servers/programs';
import { richDatabase } from '@delivery/testing/rich-database';
import { program } from './backup-dump-program.ts';

type Variables = Readonly<Record<string, string>>;

/** What is restored into. */
export const target = 'staging';

export class RestoreScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'backup-restore-'));
  readonly sources = join(this.folder, 'sources');
  readonly root = join(this.sources, 'production');
  /** Lines of all restores. */
  said: string[] = [];

  constructor() {
    mkdirSync(join(this.root, 'manual'), { recursive: true });
  }

  /** Backs a database up by the program; its name. */
  async backUp(server: DatabaseServer, database: string, over: Variables = {}): Promise<string> {
    const own = { BACKUP_ROOT: this.root, BACKUP_TYPE: 'manual', BACKUP_KEEP: 'manual=99', BACKUP_OFFSITE: 'none' };
    const report = await runBackup({ ...variables(server, database), ...own, ...over }, this.#ports());
    if (report.verdict !== 'verified') throw new Error(`${report.cause}: ${report.sentence}`);
    return report.manifest?.file ?? '';
  }

  async restore(server: DatabaseServer, over: Variables = {}, signal?: AbortSignal): Promise<RestoreReport> {
    return (await runRestore(this.env(server, over), this.#ports(signal))) as RestoreReport;
  }

  async list(server: DatabaseServer): Promise<ListReport> {
    return (await runRestore(this.env(server, { RESTORE_BACKUP: 'list' }), this.#ports())) as ListReport;
  }

  /** The program as a process. `line` gets what it prints, line by line. */
  start(
    server: DatabaseServer,
    line: (text: string, kill: () => void) => void,
    over: Variables = {},
  ): Promise<number | null> {
    const env = { PATH: process.env['PATH'] ?? '', TERMINATION_LOG: '/dev/null', ...this.env(server, over) };
    const child = spawn(process.execPath, ['--conditions=source', program, 'restore'], { env });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) line(one, () => child.kill('SIGKILL'));
    });
    return new Promise((resolve) => child.once('close', resolve));
  }

  env(server: DatabaseServer, over: Variables = {}): Variables {
    return { ...variables(server, target), RESTORE_SOURCES: this.sources, RESTORE_FROM: 'production', ...over };
  }

  /** A file of the old system, without a manifest. */
  putOld(name: string, dump: string): string {
    writeFileSync(join(this.root, 'manual', name), gzipSync(dump));
    return name;
  }

  /** What a backup holds, as text of bytes. */
  read(name: string): string {
    return zstdDecompressSync(readFileSync(join(this.root, 'manual', name))).toString('latin1');
  }

  /** A backup like another, but changed, with a manifest that says its digest. */
  putChanged(name: string, change: (dump: string) => string): string {
    const dump = Buffer.from(change(this.read(name)), 'latin1');
    const packed = zstdCompressSync(dump);
    const manifest = JSON.parse(readFileSync(join(this.root, 'manual', `${name}.json`), 'utf8')) as BackupManifest;
    const file = name.replace(/T\d\d:\d\d:\d\d/, `T00:00:0${this.#changed++}`);
    const sha256 = createHash('sha256').update(packed).digest('hex');
    const own = { file, sha256, bytes: packed.length, plainBytes: dump.length };
    writeFileSync(join(this.root, 'manual', file), packed);
    writeFileSync(join(this.root, 'manual', `${file}.json`), JSON.stringify({ ...manifest, ...own }));
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #changed = 0;

  #ports(signal = new AbortController().signal) {
    return { clock: systemClock, signal, say: (line: string) => void this.said.push(line) };
  }
}

export function variables(server: DatabaseServer, database: string): Variables {
  const { host, port, rootPassword } = server;
  return { MSHOST: host, MSPORT: String(port), MSUSER: 'root', MSPASS: rootPassword, MSDATABASE: database };
}

/** MySQL's own dump program for MySQL, as MariaDB's cannot read it. */
export async function dumpProgram(kind: ServerKind): Promise<Variables> {
  if (kind !== 'mysql-5.6') return {};
  return { BACKUP_DUMP_PROGRAM: join(dirname((await serverProgram(kind)).command), 'mysqldump') };
}

/** Makes a rich database. */
export async function fill(
  server: DatabaseServer,
  database: string,
  product: 'MariaDB' | 'MySQL',
  megabytes = 0,
  blobs = 0.25,
): Promise<void> {
  await server.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  const delimiter = '\u0001';
  const statements = [...richDatabase({ product, megabytes, blobs })].join(`${delimiter}\n`);
  await server.run(`DELIMITER ${delimiter}\n${statements}${delimiter}\n`, database);
}

/** A target with nothing but the table `mine`. */
export async function freshTarget(server: DatabaseServer): Promise<void> {
  await server.run(`DROP DATABASE IF EXISTS ${target}; CREATE DATABASE ${target}; CREATE TABLE ${target}.mine (a INT)`);
}

/** Databases and accounts that a restore may leave. */
export async function leftovers(server: DatabaseServer): Promise<string> {
  return server.run(
    `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%delivery%';
     SELECT User FROM mysql.user WHERE User LIKE 'delivery%'`,
  );
}

const columns = `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, EXTRA FROM information_schema.COLUMNS`;
const keys = `SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, INDEX_TYPE FROM information_schema.STATISTICS`;
const references = `SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS`;
const tables = `SELECT TABLE_NAME, ENGINE, AUTO_INCREMENT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT FROM information_schema.TABLES`;

/** Everything about the tables that the manifest does not hold. */
export async function structure(server: DatabaseServer, database: string): Promise<readonly string[]> {
  const of = [
    `${columns} WHERE TABLE_SCHEMA`,
    `${keys} WHERE TABLE_SCHEMA`,
    `${references} WHERE CONSTRAINT_SCHEMA`,
    `${tables} WHERE TABLE_SCHEMA`,
  ];
  return (await server.run(of.map((sql) => `${sql} = '${database}';`).join('\n'))).trim().split('\n').sort();
}

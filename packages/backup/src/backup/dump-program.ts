import type { ServerVersion } from '@delivery/core/domain/backup/manifest';
import type { Compression } from '@delivery/core/domain/backup/name';
import type { Connection } from 'mysql2/promise';
import { select } from '../database.ts';
import { Fault } from '../faults.ts';
import type { Program } from '../programs.ts';
import { failureOf, runProgram } from '../programs.ts';

/** A program that writes dumps: MariaDB's, or MySQL's own. */
export interface DumpProgram {
  readonly command: string;
  readonly product: ServerVersion['product'];
  /** As it says it: `mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB`. */
  readonly version: string;
}

const packers: Readonly<Record<Compression, Program>> = {
  zst: { command: 'zstd', args: ['-3', '-q', '-c'] },
  gz: { command: 'gzip', args: ['-6', '-c'] },
};

export function packerOf(compression: Compression): Program {
  return packers[compression];
}

/** Throws a CommandError when it is not on PATH. */
export async function readDumpProgram(command: string, signal: AbortSignal): Promise<DumpProgram> {
  const version = await versionOf(command, signal);
  return { command, product: /mariadb/i.test(version) ? 'MariaDB' : 'MySQL', version };
}

/** The first line of what a program says of its version. */
export async function versionOf(command: string, signal: AbortSignal): Promise<string> {
  const end = await runProgram({ command, args: ['--version'] }, signal);
  const failed = failureOf(end);
  if (failed !== undefined) throw new Fault('config', `${command} --version does not work: ${failed}`);
  return end.stdout.trim().split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** One snapshot of the transactional tables with everything that belongs to a database, in utf8mb4, without LOCK TABLES in the dump. */
export function dumpCommand({ command, product }: DumpProgram, optionFile: string, database: string): Program {
  // MySQL's: no GTIDs, which a restore into a living server would refuse, and no question that older servers do not know.
  const ofMySql = product === 'MySQL' ? ['--loose-set-gtid-purged=OFF', '--loose-column-statistics=0'] : [];
  return {
    command,
    args: [
      // Has to be the first.
      `--defaults-file=${optionFile}`,
      ...['--single-transaction', '--quick', '--routines', '--triggers', '--events', '--hex-blob', '--comments'],
      ...['--default-character-set=utf8mb4', '--no-tablespaces', '--skip-add-locks', ...ofMySql],
      ...['--', database],
    ],
  };
}

/**
 * MariaDB's program writes for MySQL what MySQL does not always take back. Throws a Fault when it is known not to work: with MySQL before
 * 5.7.6, and with generated columns, whose values it writes and MySQL refuses (error 3105).
 */
export async function checkDumpProgram(
  program: DumpProgram,
  server: ServerVersion,
  { connection, database, signal }: { connection: Connection; database: string; signal: AbortSignal },
): Promise<void> {
  if (program.product === server.product || server.product === 'MariaDB') return;
  const hint = "Give this program MySQL's own mysqldump, by its path in BACKUP_DUMP_PROGRAM.";
  const rows = await select(
    connection,
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'COLUMNS' AND COLUMN_NAME = 'GENERATION_EXPRESSION'`,
    { signal },
  );
  if (rows.length === 0) {
    const why = 'it asks for information_schema.COLUMNS.GENERATION_EXPRESSION, which MySQL has from 5.7.6 on';
    throw new Fault('config', `${program.command} of MariaDB cannot dump MySQL ${server.version}: ${why}`, { hint });
  }
  const [generated] = await select(
    connection,
    `SELECT TABLE_NAME AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND GENERATION_EXPRESSION <> '' LIMIT 1`,
    { values: [database], signal },
  );
  if (generated) {
    const why = `the table ${generated['name']} has generated columns, whose values MySQL would refuse at a restore`;
    throw new Fault('config', `${program.command} of MariaDB cannot dump this database of MySQL: ${why}`, { hint });
  }
}

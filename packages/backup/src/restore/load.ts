import type { ServerSettings } from '../database.ts';
import type { BackupFile } from './backup-file.ts';
import { DumpReader } from './dump-reader.ts';
import type { RawSession } from './raw-session.ts';
import { openRawSession } from './raw-session.ts';
import { kindOf } from './statement-kind.ts';
import type { Survey } from './survey.ts';
import { refused, TableLoader } from './table-loader.ts';

/** What the dump may leave to the session; it says the rest itself. MariaDB only: rows that older servers took may be too long. */
const session = [
  `SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', sql_notes = 0, wait_timeout = 28800`,
  '/*M!100203 SET SESSION innodb_strict_mode = 0, max_statement_time = 0 */',
];

/** A dump does not choose folders of the server for its tables, and an engine that is not there is not replaced in silence. */
const strict = `SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_DIR_IN_CREATE,NO_ENGINE_SUBSTITUTION')`;

/** A session as the dump wants it for its rows and for what comes after them. */
export async function openLoader(server: ServerSettings, survey: Survey, signal: AbortSignal): Promise<RawSession> {
  const opened = await openRawSession(server, signal);
  try {
    for (const text of session) await opened.run(text);
    for (const text of survey.session) await opened.run(text);
    await opened.run(strict);
  } catch (error) {
    opened.close();
    throw refused('the settings of its session', error);
  }
  return opened;
}

/**
 * Loads tables with their rows, each part by a session and a reader of its own: the file is read as often as there are parts, so that
 * nothing waits in memory. Throws a Fault `load-failed`, a DatabaseError `connect`.
 */
export async function loadRows(
  file: BackupFile,
  survey: Survey,
  parts: readonly ReadonlySet<string>[],
  { server, signal }: { readonly server: ServerSettings; readonly signal: AbortSignal },
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await Promise.all(
    parts.map((tables) =>
      loadPart(file, survey, tables, { server, signal: either }).catch((error: unknown) => {
        // The first failure is what is told; it ends the others.
        failed.abort(error);
      }),
    ),
  );
  either.throwIfAborted();
}

async function loadPart(
  file: BackupFile,
  survey: Survey,
  tables: ReadonlySet<string>,
  { server, signal }: { readonly server: ServerSettings; readonly signal: AbortSignal },
): Promise<void> {
  const last = Math.max(0, ...[...tables].map((name) => survey.tables.get(name)?.last ?? 0));
  const session = await openLoader(server, survey, signal);
  try {
    const loader = new TableLoader(session, survey);
    const reader = new DumpReader();
    let statements = 0;
    for await (const chunk of file.unpack(signal)) {
      for (const piece of reader.push(chunk)) {
        if (piece.kind === 'statement') await load(piece.text, tables, loader, reader);
        else if (tables.has(piece.table)) await loader.rows(piece.table, piece.text, piece.isLast);
        if (piece.kind === 'statement' || piece.isLast) statements++;
      }
      // What follows is of other readers.
      if (statements >= last) break;
    }
    await loader.end();
  } finally {
    session.close();
  }
}

async function load(text: Buffer, tables: ReadonlySet<string>, loader: TableLoader, reader: DumpReader): Promise<void> {
  const found = kindOf(text);
  if (found.kind === 'mode') reader.setMode(found.mode);
  if (found.kind === 'session') loader.setClient(text);
  if (found.kind === 'table' && tables.has(found.table)) await loader.define(found.table, text);
  if (found.kind === 'rows' && tables.has(found.table)) await loader.rows(found.table, text, true);
}

import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { orAborted } from '@delivery/core/ports/or-aborted';
import { oneLine } from '@delivery/core/domain/printable';
import type { ServerSettings } from '../database.ts';
import { DatabaseError } from '../database.ts';

/** Text is sent as UTF-8, bytes as they are. */
export type Statement = Buffer | readonly Buffer[] | string;

/** Byte for byte what a dump holds: a statement may be in several character sets at once. */
export interface RawSession {
  /** Runs one statement, and never more than one. Throws a DatabaseError; when the signal is aborted, its reason. */
  run(statement: Statement): Promise<void>;
  /** The same for a question: the last column of its first row, its bytes as Latin-1. */
  ask(statement: Statement): Promise<string | undefined>;
  /** At once, also in the middle of a statement; the server may go on with it. */
  close(): void;
}

const connectTimeoutMs = 20_000;

/**
 * A session that sends statements as they are and knows no commands but SQL: nothing in a dump is read by a client program. The server
 * cannot ask it for files, and does not take two statements for one.
 */
export async function openRawSession(settings: ServerSettings, signal: AbortSignal): Promise<RawSession> {
  signal.throwIfAborted();
  const { host, port, user, password, database } = settings;
  const connection = await createConnection({
    ...{ host, port, user, password, database, connectTimeout: connectTimeoutMs, enableKeepAlive: true },
    // Strings are then sent and read as Latin-1, a byte for a character. Told of a SET NAMES, the client would change that.
    charset: 'BINARY',
    flags: ['-LOCAL_FILES', '-SESSION_TRACK'],
    typeCast: false,
    rowsAsArray: true,
  }).catch((error: unknown) => {
    throw describe(error, 'the connection');
  });
  connection.on('error', () => undefined);
  signal.addEventListener('abort', () => connection.destroy(), { once: true });
  return {
    run: async (statement) => void (await run(connection, statement, signal)),
    ask: async (statement) => {
      const answer = await run(connection, statement, signal);
      const row: unknown = Array.isArray(answer) ? answer[0] : undefined;
      const value: unknown = Array.isArray(row) ? row.at(-1) : undefined;
      return Buffer.isBuffer(value) ? value.toString('latin1') : undefined;
    },
    close: () => connection.destroy(),
  };
}

async function run(connection: Connection, statement: Statement, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const text = asLatin1(statement);
  try {
    // The client never answers a statement whose session is destroyed.
    const [result] = await orAborted(connection.query(text), signal);
    return result;
  } catch (error) {
    signal.throwIfAborted();
    throw describe(error, oneLine(fromBytes(text.slice(0, 200)), 60));
  }
}

function asLatin1(statement: Statement): string {
  if (typeof statement === 'string') return Buffer.from(statement).toString('latin1');
  return Buffer.isBuffer(statement)
    ? statement.toString('latin1')
    : (statement as readonly Buffer[]).map((part) => part.toString('latin1')).join('');
}

function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** What the server says may repeat what it was sent: values of a row. Its first words are kept. */
function describe(error: unknown, what: string): DatabaseError {
  const { errno, code = '', message = String(error) } = error as { errno?: number; code?: string; message?: string };
  const said = oneLine(fromBytes(message === '' ? code : message), 200);
  const isServers = typeof errno === 'number' && errno >= 1000;
  return new DatabaseError(isServers ? 'database' : 'connect', `${what} …: ${said}`, {
    cause: error,
    ...(isServers && { errno }),
  });
}

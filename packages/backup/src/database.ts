import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { orAborted } from '@delivery/core/ports/or-aborted';
import { oneLine } from '@delivery/core/domain/printable';
import { ActionError } from '@delivery/core/errors/errors';

/** Where the database is and who asks. The password is for the client libraries and the option file only. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What a server answered; every value as text in UTF-8, or null. Numbers of 64 bits would lose digits otherwise. */
export type Row = Readonly<Record<string, string | null>>;

export type DatabaseCause = 'connect' | 'access-denied' | 'definition-changed' | 'database';

/** The server refused or was lost; `code` says which. `errno` is the server's number, undefined for the network's errors. */
export class DatabaseError extends ActionError {
  readonly errno: number | undefined;

  constructor(code: DatabaseCause, message: string, options: { hint?: string; errno?: number; cause?: unknown } = {}) {
    super(code, message, options);
    this.errno = options.errno;
  }
}

const connectTimeoutMs = 20_000;

/**
 * What the answers' text depends on is the same on every server: times in UTC, no mode that changes what a quote or a padded column means.
 * A site's limit for statements is not for a backup (the comments are read by MariaDB, and by MySQL from 5.7.8).
 */
const session = `SET SESSION time_zone = '+00:00', sql_mode = '', sql_quote_show_create = 1, wait_timeout = 28800,
  net_write_timeout = 3600 /*M!100100 , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */`;

/**
 * A session on the server, in UTC, utf8mb4 and without an SQL mode. `database` is its schema unless `schema` says another (null: none).
 * Throws a DatabaseError; when the signal is aborted, its reason. The caller ends it with `disconnect`.
 */
export async function connect(
  settings: ServerSettings,
  signal: AbortSignal,
  schema: string | null = settings.database,
): Promise<Connection> {
  const { host, port, user, password } = settings;
  signal.throwIfAborted();
  let connection: Connection;
  try {
    connection = await createConnection({
      ...{ host, port, user, password, connectTimeout: connectTimeoutMs, enableKeepAlive: true },
      ...(schema !== null && { database: schema }),
      charset: 'utf8mb4_general_ci',
      // A server could ask a client for any of its files (LOAD DATA LOCAL).
      flags: ['-LOCAL_FILES'],
      typeCast: (field) => field.string('utf8'),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw describe(error, `${user}@${host}:${port}`);
  }
  // Without a listener an idle session that is lost would end the whole program; the next question finds out.
  connection.on('error', () => undefined);
  await select(connection, session, { signal });
  return connection;
}

/** What the server answers to one statement; `?` in it stand for `values`. */
export async function select(
  connection: Connection,
  sql: string,
  { values = [], signal }: { readonly values?: readonly (string | number)[]; readonly signal: AbortSignal },
): Promise<readonly Row[]> {
  signal.throwIfAborted();
  try {
    // The client never answers a statement whose session is destroyed, so the wait has to end by itself.
    const [rows] = await orAborted(connection.query(sql, [...values]), signal);
    return Array.isArray(rows) ? (rows as Row[]) : [];
  } catch (error) {
    signal.throwIfAborted();
    throw describe(error, sql);
  }
}

/** Ends a session at once, also one that is in the middle of a statement. */
export function disconnect(connection: Connection): void {
  connection.destroy();
}

/** A name in SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Errors of servers that say that the account may not. */
export const deniedNumbers: ReadonlySet<number> = new Set([1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698]);
const lostNumbers = new Set([1040, 1049, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1927, 4031]);
const changedNumbers = new Set([1412]);

function describe(error: unknown, where: string): DatabaseError {
  const { errno, code = '', message = String(error), fatal } = error as Partial<ClientError>;
  const number = typeof errno === 'number' && errno >= 1000 ? errno : undefined;
  const said = oneLine(message === '' ? code : message, 500);
  const options = { cause: error, ...(number !== undefined && { errno: number }) };
  const place = oneLine(where, 120);
  if (number !== undefined && deniedNumbers.has(number)) {
    const hint = 'Correct MSUSER and MSPASS, or grant what is missing to this account.';
    return new DatabaseError('access-denied', `the database server refused ${place}: ${said}`, { ...options, hint });
  }
  if (number !== undefined && changedNumbers.has(number)) {
    return new DatabaseError('definition-changed', `a table was altered during ${place}: ${said}`, options);
  }
  if (number === undefined ? fatal === true || code !== '' : lostNumbers.has(number)) {
    const hint = 'See whether the database server runs and is reached from here (MSHOST, MSPORT, MSDATABASE).';
    return new DatabaseError('connect', `no answer of the database server to ${place}: ${said}`, { ...options, hint });
  }
  return new DatabaseError('database', `the database server did not do ${place}: ${said}`, options);
}

interface ClientError {
  readonly errno: number;
  readonly code: string;
  readonly message: string;
  readonly fatal: boolean;
}

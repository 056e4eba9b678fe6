import { randomBytes } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import type { ServerSettings } from '../database.ts';
import { DatabaseError, quoteName, select } from '../database.ts';

/** An account with rights on one database and on nothing else. */
export interface Account {
  readonly user: string;
  readonly host: string;
  readonly password: string;
}

/** The session of the account that may create others, and the run's signal. */
export interface Admin {
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/**
 * Creates it for the host that this program is seen from. Accounts of the same name, which an earlier run has left, are dropped. Throws
 * a DatabaseError `access-denied` when that is not allowed.
 */
export async function createAccount(admin: Admin, user: string, database: string): Promise<Account> {
  await dropAccount(admin, user);
  const [row] = await ask(admin, 'SELECT USER() AS seen');
  const seen = row?.['seen'] ?? '';
  const account = { user, host: seen.slice(seen.lastIndexOf('@') + 1), password: newPassword() };
  const { host, password } = account;
  await ask(admin, 'CREATE USER ?@? IDENTIFIED BY ?', [user, host, password]);
  await grant(admin, account, database);
  return account;
}

/** The account as the settings of a session. */
export function asAccount(server: ServerSettings, { user, password }: Account, database: string): ServerSettings {
  return { ...server, user, password, database };
}

/** Ends its sessions and drops it, whatever host it was made for. Nothing happens when it is not there. */
export async function dropAccount(admin: Admin, user: string): Promise<void> {
  await endSessions(admin, user);
  for (const row of await ask(admin, 'SELECT Host AS host FROM mysql.user WHERE User = ?', [user])) {
    await ask(admin, 'DROP USER ?@?', [user, row['host'] ?? '']);
  }
}

/** Nobody logs in with it any more; what it owns goes on working. Its password is not known to anybody after this run anyway. */
export async function lockAccount(admin: Admin, { user, host }: Account): Promise<void> {
  await ask(admin, 'ALTER USER ?@? ACCOUNT LOCK', [user, host]).catch((error: unknown) => {
    // MySQL 5.6 and MariaDB before 10.4 cannot.
    if (!(error instanceof DatabaseError) || error.errno !== syntaxError) throw error;
  });
  await endSessions(admin, user);
}

const syntaxError = 1064;
const noSuchThread = 1094;

/** With the statement that it is in, whose client may be gone. Nothing happens when it has ended. */
export async function endSession(admin: Admin, id: number): Promise<void> {
  await ask(admin, `KILL ${id}`).catch((error: unknown) => {
    if (!(error instanceof DatabaseError) || error.errno !== noSuchThread) throw error;
  });
}

/** All rights on the database, its name taken as it is: in a grant `_` would stand for any character. */
async function grant(admin: Admin, { user, host }: Account, database: string): Promise<void> {
  const place = quoteName(database.replace(/[\\_%]/g, '\\$&'));
  await ask(admin, `GRANT ALL PRIVILEGES ON ${place}.* TO ?@?`, [user, host]);
}

async function endSessions(admin: Admin, user: string): Promise<void> {
  for (const { id } of await ask(admin, 'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ?', [user])) {
    await endSession(admin, Number(id));
  }
}

/** With what a server's rules for passwords may ask for: both cases, digits, another character. */
function newPassword(): string {
  return `${randomBytes(24).toString('base64url')}-Aa1`;
}

async function ask({ connection, signal }: Admin, sql: string, values: readonly string[] = []) {
  return select(connection, sql, { values, signal });
}

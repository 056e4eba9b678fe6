import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { DatabaseError, quoteName, select } from '../database.ts';
import { Fault, messageOf } from '../faults.ts';
import type { Admin } from './account.ts';

/**
 * So often, and so long each time, the swap waits for an application that has the target's tables in an open transaction. In between the
 * application gets on, and if this program is killed the server does not drop the target much later.
 */
const lockAttempts = 5;
const lockWaitSeconds = 2;
const lockTimeouts: ReadonlySet<number> = new Set([1205, 1213]);

/** Where the target's rows are, and how it is to be made. */
export interface Swap {
  readonly target: string;
  readonly scratch: string;
  readonly tables: readonly string[];
  readonly characters: Characters;
}

/** Undefined: the server's own. */
export interface Characters {
  readonly characterSet: string | undefined;
  readonly collation: string | undefined;
}

/** Of the backup; of an old one, which does not say it, those that the target has. */
export async function charactersOf(
  { connection, signal }: Admin,
  manifest: BackupManifest | undefined,
  target: string,
): Promise<Characters> {
  const isWord = (text: string | null | undefined) => /^\w+$/.test(text ?? '');
  if (manifest && isWord(manifest.characterSet) && isWord(manifest.collation)) return manifest;
  const [row] = await select(
    connection,
    `SELECT DEFAULT_CHARACTER_SET_NAME AS characters, DEFAULT_COLLATION_NAME AS collation
      FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?`,
    { values: [target], signal },
  );
  return { characterSet: row?.['characters'] ?? undefined, collation: row?.['collation'] ?? undefined };
}

/** Throws a Fault `load-failed` when the server does not know the character set or the collation. */
export async function createDatabase(
  admin: Admin,
  name: string,
  { characterSet, collation }: Characters,
): Promise<void> {
  const characters = characterSet === undefined ? '' : ` CHARACTER SET ${characterSet} COLLATE ${collation ?? ''}`;
  try {
    await select(admin.connection, `CREATE DATABASE ${quoteName(name)}${characters}`, admin);
  } catch (error) {
    if (!(error instanceof DatabaseError) || ![1115, 1273, 1253].includes(error.errno ?? 0)) throw error;
    throw new Fault('load-failed', `this server does not know ${characterSet} with ${collation}: ${messageOf(error)}`, {
      hint: 'Restore into a server of the backup’s product and version, or a later one.',
      cause: error,
    });
  }
}

export async function dropDatabase({ connection, signal }: Admin, name: string): Promise<void> {
  await select(connection, 'SET SESSION foreign_key_checks = 0', { signal });
  await select(connection, `DROP DATABASE IF EXISTS ${quoteName(name)}`, { signal });
}

/**
 * The target is dropped and made anew, and gets the scratch database's tables by one statement. Until then nothing of the target is
 * changed, and it is not when the server does not give its tables within ten seconds: a Fault `target-busy` then. `cancelled` is heeded until
 * the target is dropped only; `admin` has a signal of its own.
 */
export async function swapTables(
  admin: Admin,
  { target, scratch, tables, characters }: Swap,
  cancelled: AbortSignal,
): Promise<void> {
  const { connection, signal } = admin;
  await select(connection, `SET SESSION lock_wait_timeout = ${lockWaitSeconds}, foreign_key_checks = 0`, { signal });
  await dropTriggers(admin, scratch);
  await dropTarget(admin, target, cancelled);
  await createDatabase(admin, target, characters);
  if (tables.length === 0) return;
  const place = (database: string, table: string) => `${quoteName(database)}.${quoteName(table)}`;
  const moves = tables.map((table) => `${place(scratch, table)} TO ${place(target, table)}`);
  await select(connection, `RENAME TABLE ${moves.join(', ')}`, { signal });
}

/** A server takes the locks of all tables before it drops the first one: an attempt that is late has dropped nothing. */
async function dropTarget(admin: Admin, target: string, cancelled: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    cancelled.throwIfAborted();
    try {
      return await dropDatabase(admin, target);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !lockTimeouts.has(error.errno ?? 0)) throw error;
      if (attempt < lockAttempts) continue;
      const seconds = lockAttempts * lockWaitSeconds;
      throw new Fault('target-busy', `${target} is in use: a transaction has been open on it for ${seconds} s`, {
        hint: 'Scale the application to zero and start the restore again; the target has not been changed.',
        cause: error,
      });
    }
  }
}

/** A table with triggers stays in its database. */
async function dropTriggers({ connection, signal }: Admin, database: string): Promise<void> {
  const sql = 'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?';
  for (const { name } of await select(connection, sql, { values: [database], signal })) {
    await select(connection, `DROP TRIGGER ${quoteName(database)}.${quoteName(`${name}`)}`, { signal });
  }
}

import type { ServerSettings } from '../database.ts';
import { connect, disconnect, quoteName, select } from '../database.ts';
import type { Facts, TableContent } from '../facts.ts';
import { readFacts, readTable } from '../facts.ts';

/** By a table's name. */
export type Contents = ReadonlyMap<string, TableContent>;

/** What no snapshot holds, as it is at one time. */
export interface DatabaseState {
  readonly facts: Facts;
  /** Of each table, how it is made; two that are equal were not altered in between. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Of the tables that are not transactional. */
  readonly unsafe: Contents;
}

/** Reads it in a session of its own. Throws a DatabaseError. */
export async function readState(server: ServerSettings, signal: AbortSignal): Promise<DatabaseState> {
  const { database } = server;
  const connection = await connect(server, signal);
  try {
    const facts = await readFacts(connection, database, signal);
    const made = await select(
      connection,
      'SELECT TABLE_NAME AS name, CREATE_TIME AS at FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
      { values: [database], signal },
    );
    const times = new Map(made.map(({ name, at }) => [name, at]));
    const definitions = new Map<string, string>();
    const unsafe = new Map<string, TableContent>();
    for (const { name, transactional } of facts.tables) {
      const sql = `SHOW CREATE TABLE ${quoteName(database)}.${quoteName(name)}`;
      const [shown] = await select(connection, sql, { signal });
      // The next number of a column is no definition: every row that is added changes it.
      const definition = shown?.['Create Table']?.replace(/ AUTO_INCREMENT=\d+/, '');
      definitions.set(name, `${times.get(name)} ${definition}`);
      if (!transactional) unsafe.set(name, await readTable(connection, database, name, signal));
    }
    return { facts, definitions, unsafe };
  } finally {
    disconnect(connection);
  }
}

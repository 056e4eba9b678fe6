import type { Connection } from 'mysql2/promise';
import type { ObjectRecord, ServerVersion, TableNote, TableRecord } from '@delivery/core/domain/backup/manifest';
import { DatabaseError, quoteName, select } from './database.ts';
import type { Column } from './facts-content.ts';
import { contentQuery } from './facts-content.ts';
import type { Place } from './facts-objects.ts';
import { readEvents, readRoutines, readTriggers, readViews } from './facts-objects.ts';

/** What a database holds, without its rows. All lists are sorted by name. */
export interface Facts {
  readonly server: ServerVersion;
  readonly characterSet: string;
  readonly collation: string;
  readonly tables: readonly TableFacts[];
  readonly views: readonly ObjectRecord[];
  readonly routines: readonly ObjectRecord[];
  readonly triggers: readonly ObjectRecord[];
  readonly events: readonly ObjectRecord[];
}

export interface TableFacts {
  readonly name: string;
  readonly engine: string;
  /** False: a snapshot does not hold for it. */
  readonly transactional: boolean;
  /** `float` and `not-transactional`, where they hold. */
  readonly notes: readonly TableNote[];
}

/** What is in a table, as the session sees it: a snapshot's, when it has one. */
export type TableContent = Pick<TableRecord, 'rows' | 'checksum' | 'content'>;

/**
 * Reads them in a session of `connect`. Definitions are not part of a snapshot: they are those of now. Throws a DatabaseError, `connect`
 * when the database is not there, `access-denied` when a definition may not be seen.
 */
export async function readFacts(connection: Connection, database: string, signal: AbortSignal): Promise<Facts> {
  const place: Place = { connection, database, signal };
  const server = await readServer(connection, signal);
  const [schema] = await select(
    connection,
    `SELECT DEFAULT_CHARACTER_SET_NAME AS characters, DEFAULT_COLLATION_NAME AS collation
      FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?`,
    { values: [database], signal },
  );
  if (!schema) {
    throw new DatabaseError('connect', `there is no database ${database} that this account may see`, {
      hint: 'Correct MSDATABASE, or grant the account its privileges.',
    });
  }
  return {
    server,
    characterSet: `${schema['characters']}`,
    collation: `${schema['collation']}`,
    tables: await readTables(place),
    views: await readViews(place),
    routines: await readRoutines(place),
    triggers: await readTriggers(place),
    events: await readEvents(place),
  };
}

/** Product and version, as the server says them. */
export async function readServer(connection: Connection, signal: AbortSignal): Promise<ServerVersion> {
  const [row] = await select(connection, 'SELECT VERSION() AS version, @@version_comment AS comment', { signal });
  const version = row?.['version'] ?? '';
  const isMariaDb = /mariadb/i.test(`${version} ${row?.['comment'] ?? ''}`);
  return { product: isMariaDb ? 'MariaDB' : 'MySQL', version };
}

/** Rows and checksums of one table; a name that is no table gives nulls. Throws a DatabaseError, `definition-changed` after an ALTER. */
export async function readTable(
  connection: Connection,
  database: string,
  table: string,
  signal: AbortSignal,
): Promise<TableContent> {
  const columns = await readColumns({ connection, database, signal }, table);
  if (columns.length === 0) return { rows: null, checksum: null, content: null };
  const [counted] = await select(connection, contentQuery(database, table, columns), { signal });
  const sum = `CHECKSUM TABLE ${quoteName(database)}.${quoteName(table)}`;
  const [checked] = await select(connection, sum, { signal });
  return {
    rows: Number(counted?.['row_count']),
    checksum: checked?.['Checksum'] ?? null,
    content: counted?.['content'] ?? null,
  };
}

async function readTables({ connection, database, signal }: Place): Promise<readonly TableFacts[]> {
  const options = { values: [database], signal };
  const engines = await select(
    connection,
    'SELECT ENGINE AS name, TRANSACTIONS AS safe FROM information_schema.ENGINES',
    {
      signal,
    },
  );
  const safe = new Set(engines.filter((engine) => engine['safe'] === 'YES').map(({ name }) => name));
  const floats = await select(
    connection,
    `SELECT TABLE_NAME AS name, COLUMN_NAME AS called FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND DATA_TYPE = 'float' ORDER BY ORDINAL_POSITION`,
    options,
  );
  const tables = await select(
    connection,
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS kind, ENGINE AS engine FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')`,
    options,
  );
  return tables
    .map(({ name, kind, engine }) => {
      const transactional = safe.has(engine ?? null) && kind !== 'SEQUENCE';
      const columns = floats.filter((column) => column['name'] === name).map(({ called }) => `${called}`);
      const notes: TableNote[] = transactional ? [] : [{ note: 'not-transactional' }];
      if (columns.length > 0) notes.push({ note: 'float', columns });
      return { name: `${name}`, engine: engine ?? 'unknown', transactional, notes };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readColumns({ connection, database, signal }: Place, table: string): Promise<readonly Column[]> {
  const rows = await select(
    connection,
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    { values: [database, table], signal },
  );
  return rows.map(({ name, type }) => ({ name: `${name}`, type: `${type}`.toLowerCase() }));
}

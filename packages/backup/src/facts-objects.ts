import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import type { ObjectRecord } from '@delivery/core/domain/backup/manifest';
import type { Row } from './database.ts';
import { DatabaseError, quoteName, select } from './database.ts';

/** The session, the schema and the signal that every question of this file needs. */
export interface Place {
  readonly connection: Connection;
  readonly database: string;
  readonly signal: AbortSignal;
}

/** Names and digests of all views, sorted. Throws `access-denied` when the account may not see one's definition. */
export async function readViews({ connection, database, signal }: Place): Promise<readonly ObjectRecord[]> {
  const sql = `SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?`;
  const views: ObjectRecord[] = [];
  for (const { name } of await select(connection, sql, { values: [database], signal })) {
    const shown = await select(connection, `SHOW CREATE VIEW ${place(database, name)}`, { signal });
    views.push(record(`${name}`, 'SHOW VIEW', bareView(shown[0]?.['Create View'] ?? null)));
  }
  return sorted(views);
}

/** Procedures and functions; a name begins with the kind, as both may have the same one. */
export async function readRoutines({ connection, database, signal }: Place): Promise<readonly ObjectRecord[]> {
  const options = { values: [database], signal };
  const parameters = await select(
    connection,
    `SELECT SPECIFIC_NAME AS routine, ROUTINE_TYPE AS kind, PARAMETER_MODE AS mode, PARAMETER_NAME AS name, DTD_IDENTIFIER AS type
      FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = ? ORDER BY SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION`,
    options,
  );
  const routines = await select(
    connection,
    `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS kind, ROUTINE_DEFINITION AS body, IS_DETERMINISTIC AS is_deterministic,
      SQL_DATA_ACCESS AS data_access, SECURITY_TYPE AS security_type FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?`,
    options,
  );
  return sorted(
    routines.map(({ name, kind, body, is_deterministic, data_access, security_type }) => {
      const own = parameters.filter(({ routine, kind: of }) => routine === name && of === kind);
      // MySQL 8 leaves the display width of integers out.
      const signature = own.map(({ mode, name: called, type }) => [mode, called, type?.replace(/int\(\d+\)/, 'int')]);
      const parts = [kind, signature, is_deterministic, data_access, security_type];
      return record(`${kind?.toLowerCase()} ${name}`, 'SELECT on mysql.proc (MySQL 8: SHOW_ROUTINE)', body, parts);
    }),
  );
}

export async function readTriggers({ connection, database, signal }: Place): Promise<readonly ObjectRecord[]> {
  const sql = `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS on_table, ACTION_TIMING AS timing, EVENT_MANIPULATION AS happening,
    ACTION_STATEMENT AS body FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?`;
  const rows = await select(connection, sql, { values: [database], signal });
  return sorted(
    rows.map(({ name, on_table, timing, happening, body }) =>
      record(`${name}`, 'TRIGGER', body, [on_table, timing, happening]),
    ),
  );
}

export async function readEvents({ connection, database, signal }: Place): Promise<readonly ObjectRecord[]> {
  const sql = `SELECT EVENT_NAME AS name, EVENT_DEFINITION AS body, EVENT_TYPE AS kind, EXECUTE_AT AS once_at, INTERVAL_VALUE AS every_so,
    INTERVAL_FIELD AS unit, STARTS AS starts_at, ENDS AS ends_at, ON_COMPLETION AS completion FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?`;
  const rows = await select(connection, sql, { values: [database], signal });
  return sorted(
    rows.map(({ name, body, kind, once_at, every_so, unit, starts_at, ends_at, completion }) =>
      record(`${name}`, 'EVENT', body, [kind, once_at, every_so, unit, starts_at, ends_at, completion]),
    ),
  );
}

function record(
  name: string,
  privilege: string,
  body: Row[string] | undefined,
  parts: readonly unknown[] = [],
): ObjectRecord {
  if (body === null || body === undefined) {
    throw new DatabaseError('access-denied', `the account may not see the definition of ${name}`, {
      hint: `Grant it ${privilege}.`,
    });
  }
  const definition = parts.length === 0 ? body : JSON.stringify([...parts, body]);
  return { name, sha256: createHash('sha256').update(definition).digest('hex') };
}

/** MySQL prints the same view with more parentheses than MariaDB. A name of a definer may hold anything but its own quote. */
function bareView(definition: string | null): string | null {
  if (definition === null) return null;
  return definition.replace(/ DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`/, '').replace(/[()\s]+/g, ' ');
}

function place(database: string, name: string | null | undefined): string {
  return `${quoteName(database)}.${quoteName(`${name}`)}`;
}

function sorted(records: readonly ObjectRecord[]): readonly ObjectRecord[] {
  return [...records].sort((a, b) => (a.name < b.name ? -1 : 1));
}

import type { Connection } from 'mysql2/promise';
import { DatabaseError, quoteName, select } from '../database.ts';
import { Fault, messageOf } from '../faults.ts';
import type { MaskedColumn, Mask } from './mask-settings.ts';

/** A column as masking has to know it. */
export interface ColumnFacts {
  readonly table: string;
  readonly column: string;
  readonly nullable: boolean;
  readonly generated: boolean;
  /** It alone may not have a value twice. */
  readonly unique: boolean;
  /** The server sets it whenever the row is changed. */
  readonly touched: boolean;
}

interface Place {
  readonly connection: Connection;
  readonly database: string;
  readonly signal: AbortSignal;
}

/** Stands in a replacement for the number of the row. */
const rowNumber = '{n}';

/** Tables that are named and not in the backup: known before anything is loaded. Throws a Fault `mask`. */
export function checkMaskedTables(mask: Mask, tables: ReadonlySet<string>): void {
  const unknown = [...new Set(mask.flatMap(({ table }) => (tables.has(table) ? [] : [table])))];
  if (unknown.length > 0) throw refuse([`the backup has no table ${unknown.join(', ')}`]);
}

/** What is wrong with the mask, all of it; empty when it can be done. */
export function maskProblems(mask: Mask, columns: readonly ColumnFacts[]): readonly string[] {
  const known = new Map(columns.map((facts) => [placeOf(facts), facts]));
  return mask.flatMap((masked) => {
    const place = placeOf(masked);
    const facts = known.get(place);
    if (!facts) return [`there is no column ${place}`];
    if (facts.generated) return [`${place} is generated from other columns: mask those`];
    if (masked.to === null) return facts.nullable ? [] : [`${place} may not be NULL: give a text`];
    if (facts.unique && !masked.to.includes(rowNumber)) {
      return [`${place} may not have a value twice: put ${rowNumber}, the row's number, into the text`];
    }
    return [];
  });
}

/**
 * Replaces the values and looks whether none is left. Without triggers in the database, as they would see the values. Gives the masked
 * columns as `table.column`. Throws a Fault `mask`, and then values may be replaced already.
 */
export async function maskColumns(place: Place, mask: Mask): Promise<readonly string[]> {
  if (mask.length === 0) return [];
  const columns = await readColumns(place, mask);
  const problems = maskProblems(mask, columns);
  if (problems.length > 0) throw refuse(problems);
  const mode = `'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'`;
  await select(place.connection, `SET SESSION sql_mode = ${mode}, foreign_key_checks = 1`, place);
  for (const table of new Set(mask.map((masked) => masked.table))) {
    const own = mask.filter((masked) => masked.table === table);
    const touched = columns.filter((column) => column.table === table && column.touched);
    try {
      await maskTable(
        place,
        table,
        own,
        touched.map(({ column }) => column),
      );
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code === 'connect') throw error;
      throw new Fault('mask', `the table ${table} could not be masked: ${messageOf(error)}`, { cause: error });
    }
  }
  return mask.map(placeOf);
}

async function maskTable(place: Place, table: string, own: Mask, touched: readonly string[]): Promise<void> {
  const { connection, database, signal } = place;
  const into = `${quoteName(database)}.${quoteName(table)}`;
  const named = new Set(own.map(({ column }) => column));
  const sets = own.map(({ column, to }) => ({ column, ...expression(to) }));
  // A column that follows every change keeps its value when it is set to it.
  const kept = touched
    .filter((column) => !named.has(column))
    .map((column) => `${quoteName(column)} = ${quoteName(column)}`);
  await select(connection, 'SET @delivery_n = 0', { signal });
  const assignments = [...sets.map(({ column, sql }) => `${quoteName(column)} = ${sql}`), ...kept];
  await select(connection, `UPDATE ${into} SET ${assignments.join(', ')}`, {
    values: sets.flatMap(({ values }) => values),
    signal,
  });
  for (const { column, to } of own) {
    const { sql, values } = left(column, to);
    const [row] = await select(connection, `SELECT COUNT(*) AS left_over FROM ${into} WHERE ${sql}`, {
      values,
      signal,
    });
    if (row?.['left_over'] !== '0') {
      throw new Fault('mask', `${row?.['left_over'] ?? 'unknown'} values of ${table}.${column} were not replaced`);
    }
  }
}

/** The replacement as SQL. */
function expression(to: string | null): { readonly sql: string; readonly values: readonly string[] } {
  if (to === null) return { sql: 'NULL', values: [] };
  if (!to.includes(rowNumber)) return { sql: '?', values: [to] };
  return { sql: 'REPLACE(?, ?, @delivery_n := @delivery_n + 1)', values: [to, rowNumber] };
}

/** Rows whose value is not the replacement: whatever the column's type made of it has to begin and end as it does. */
function left(column: string, to: string | null): { readonly sql: string; readonly values: readonly string[] } {
  const name = quoteName(column);
  if (to === null) return { sql: `${name} IS NOT NULL`, values: [] };
  if (!to.includes(rowNumber)) return { sql: `NOT (${name} <=> ?)`, values: [to] };
  const pattern = to.replace(/[\\%_]/g, '\\$&').replaceAll(rowNumber, '%');
  return { sql: `${name} IS NULL OR ${name} NOT LIKE ?`, values: [pattern] };
}

async function readColumns({ connection, database, signal }: Place, mask: Mask): Promise<readonly ColumnFacts[]> {
  const tables = [...new Set(mask.map(({ table }) => table))];
  const inTables = `TABLE_SCHEMA = ? AND TABLE_NAME IN (${tables.map(() => '?').join(', ')})`;
  const options = { values: [database, ...tables], signal };
  const keys = await select(
    connection,
    `SELECT TABLE_NAME AS in_table, MAX(COLUMN_NAME) AS name FROM information_schema.STATISTICS
      WHERE ${inTables} AND NON_UNIQUE = 0 GROUP BY TABLE_NAME, INDEX_NAME HAVING COUNT(*) = 1`,
    options,
  );
  const unique = new Set(keys.map(({ in_table, name }) => `${in_table}.${name}`));
  const rows = await select(
    connection,
    `SELECT TABLE_NAME AS in_table, COLUMN_NAME AS name, IS_NULLABLE AS nullable, EXTRA AS extra FROM information_schema.COLUMNS
      WHERE ${inTables}`,
    options,
  );
  return rows.map(({ in_table, name, nullable, extra }) => ({
    table: `${in_table}`,
    column: `${name}`,
    nullable: nullable === 'YES',
    generated: /\b(?:GENERATED|VIRTUAL|PERSISTENT|STORED)\b/i.test((extra ?? '').replace(/DEFAULT_GENERATED/i, '')),
    unique: unique.has(`${in_table}.${name}`),
    touched: /on update/i.test(extra ?? ''),
  }));
}

function refuse(problems: readonly string[]): Fault {
  return new Fault('mask', `RESTORE_MASK cannot be done: ${problems.join('; ')}`, {
    hint: 'Correct database.mask in delivery.yaml; the target has not been changed.',
  });
}

function placeOf({ table, column }: Pick<MaskedColumn, 'table' | 'column'>): string {
  return `${table}.${column}`;
}

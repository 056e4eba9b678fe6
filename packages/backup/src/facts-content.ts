import { quoteName } from './database.ts';

/** A column as information_schema.COLUMNS tells of it. */
export interface Column {
  readonly name: string;
  /** DATA_TYPE in lower case: `varchar`, `int`. */
  readonly type: string;
}

const numbered = new Set(['enum', 'set', 'bit']);
const inRow = new Set(['char', 'varchar', 'binary', 'varbinary']);
const large = /^(?:tiny|medium|long)?(?:text|blob)$/;
const binaryOnly = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
  'vector',
]);

/**
 * SQL that gives `rows` and `content` of a table: the sum of 64 bits of each row's MD5. It means the same on MySQL 5.6 and later and
 * MariaDB 10 and later in a session of `connect`, does not depend on the rows' order, and tells NULL from an empty text, a row from its
 * double, and the bytes of a text in its own character set. FLOAT counts as it is written, which is what a dump carries.
 */
export function contentQuery(database: string, table: string, columns: readonly Column[]): string {
  const row = `CONCAT_WS('#', ${columns.map(value).join(', ')})`;
  const sum = `SUM(CAST(CONV(LEFT(MD5(${row}), 16), 16, 10) AS UNSIGNED))`;
  return `SELECT COUNT(*) AS row_count, COALESCE(${sum}, 0) AS content FROM ${quoteName(database)}.${quoteName(table)}`;
}

/** One column as text that cannot be taken for another's: numbers and times as they are, texts with their length. */
function value({ name, type }: Column): string {
  const column = quoteName(name);
  if (numbered.has(type)) return `IFNULL(${column} + 0, 'N')`;
  if (inRow.has(type)) return `IFNULL(CONCAT(LENGTH(${column}), ':', CAST(${column} AS BINARY)), 'N')`;
  // A text that is longer than the server's packet becomes NULL when it is joined to another; its hash does not.
  if (large.test(type)) return `IFNULL(CONCAT(LENGTH(${column}), ':', MD5(${column})), 'N')`;
  if (type === 'json') return `IFNULL(MD5(CONVERT(${column} USING utf8mb4)), 'N')`;
  if (binaryOnly.has(type)) return `IFNULL(MD5(HEX(${column})), 'N')`;
  return `IFNULL(CONCAT(${column}), 'N')`;
}

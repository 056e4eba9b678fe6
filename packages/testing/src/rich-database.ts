import { richObjects } from './rich-database-objects.ts';
import { richTables } from './rich-database-tables.ts';

export interface RichOptions {
  readonly product: 'MariaDB' | 'MySQL';
  /** About this much data, most of it in six tables; 0: a few hundred rows. */
  readonly megabytes: number;
  /** The part of it that is in blobs, from 0 to 1, which cost little; the rest is rows with keys. Default: 0.25. */
  readonly blobs?: number;
}

/** Of a table whose rows are made by the server; `perMegabyte` rows are one MB. */
interface BulkTable {
  readonly name: string;
  /** Its part of what is not in blobs; undefined for the blobs. */
  readonly share: number | undefined;
  readonly perMegabyte: number;
  readonly columns: string;
  readonly values: string;
}

/** `n` counts from 1. Hashes do not compress, numbers and words do: together about as real data does. */
const bulk: readonly BulkTable[] = [
  {
    name: 'molecule',
    share: 0.47,
    perMegabyte: 2500,
    columns: 'smiles, inchi_key, mass, charge, prop_json, note, made_at, target_id',
    values: `CONCAT('C1=CC', SHA2(n, 512), 'N(C)C'), MD5(n), n / 7, SIN(n) * 1e10, CONCAT('{"n":', n, ',"k":"', MD5(n + 1), '"}'),
      IF(n % 3 = 0, NULL, IF(n % 3 = 1, '', CONCAT('note 🧪 ', n, ' é', REPEAT(' x', n % 50)))),
      FROM_UNIXTIME(1500000000 + n), n % 20 + 1`,
  },
  {
    name: 'map_file',
    share: undefined,
    perMegabyte: 30,
    columns: 'molecule_id, content',
    values: `n, CONCAT(UNHEX('0001080A0D1A22275C5F25FF00'), ${Array.from({ length: 40 }, (_, at) => `UNHEX(SHA2(n * 41 + ${at}, 512))`).join(', ')}, REPEAT(UNHEX(SHA2(n, 512)), 470))`,
  },
  {
    name: 'score',
    share: 0.2,
    perMegabyte: 12000,
    columns: 'molecule_id, kind, value, made_on',
    values: `n % 5000 + 1, ELT(n % 3 + 1, 'rmsd', 'energy', 'rank'), RAND(n) * 1000, '2019-03-01' + INTERVAL n % 900 DAY`,
  },
  {
    name: 'session_log',
    share: 0.2,
    perMegabyte: 6000,
    columns: 'session_key, at, message',
    values: `SHA1(n), FROM_UNIXTIME(1600000000 + n) + INTERVAL n MICROSECOND, CONCAT('user ', n % 97, ' opened; target ''', n % 20, ''' \\\\ "ok"', CHAR(10), 'second line')`,
  },
  {
    name: 'tag',
    share: 0.06,
    perMegabyte: 10000,
    columns: 'name, parent_id',
    values: `CONCAT('tag-', MD5(n), '-', n, IF(n % 2 = 1, '𝔗', 'ß')), IF(n > 10, n DIV 10, NULL)`,
  },
  {
    name: 'plain_copy',
    share: 0.07,
    perMegabyte: 8000,
    columns: 'a, b, c',
    values: `n % 1000, IF(n % 7 = 0, NULL, MD5(n)), IF(n % 5 = 0, '', SHA1(n))`,
  },
];

/** Rows of one INSERT … SELECT: short enough for the undo log of a small server. */
const batch = 20_000;

/**
 * The statements that fill an empty database, the one that is in use, with what dumps and restores are known to lose: each is run by
 * itself, in order, on one connection whose character set is utf8mb4. The same options make the same rows.
 */
export function* richDatabase({ product, megabytes, blobs = 0.25 }: RichOptions): Generator<string> {
  yield `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', SESSION time_zone = '+00:00', SESSION foreign_key_checks = 0`;
  yield `CREATE TABLE digit (n TINYINT UNSIGNED NOT NULL PRIMARY KEY) ENGINE=InnoDB`;
  yield `INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)`;
  yield* richTables(product);
  for (const table of bulk) {
    const share = table.share === undefined ? blobs : table.share * (1 - blobs);
    yield* rowsOf(table, Math.max(40, Math.round(megabytes * share * table.perMegabyte)));
  }
  yield* richObjects();
}

function* rowsOf({ name, columns, values }: BulkTable, rows: number): Generator<string> {
  const size = name === 'map_file' ? 500 : batch;
  for (let from = 0; from < rows; from += size) {
    const to = Math.min(rows, from + size);
    yield `INSERT INTO ${name} (${columns}) SELECT ${values} FROM (${counted(from, size)}) numbers WHERE n <= ${to} ORDER BY n`;
  }
}

/** `size` numbers from `from` + 1 on. */
function counted(from: number, size: number): string {
  const places = ['a', 'b', 'c', 'd', 'e'].slice(0, Math.ceil(Math.log10(size)));
  const n = places.map((place, at) => `${place}.n * ${10 ** at}`).join(' + ');
  const number = `${from} + 1 + ${n}`;
  return `SELECT ${number} AS n FROM ${places.map((place) => `digit ${place}`).join(', ')} WHERE ${n} < ${size}`;
}

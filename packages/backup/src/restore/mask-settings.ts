import type { SettingsReader } from '../settings-reader.ts';

/** What stands in for the values of a column: a text, in which `{n}` is the row's number, or NULL. */
export interface MaskedColumn {
  readonly table: string;
  readonly column: string;
  readonly to: string | null;
}

/** In the order of RESTORE_MASK. */
export type Mask = readonly MaskedColumn[];

const longest = 256 * 1024;
const expected = 'JSON such as {"auth_user": {"email": "user{n}@example.org", "password": null}}';

/** RESTORE_MASK; none when it is not set. Problems go to the reader. */
export function readMask(reader: SettingsReader): Mask {
  const text = reader.optional('RESTORE_MASK');
  if (text === undefined) return [];
  const value = parsed(text);
  if (!isObject(value)) {
    reader.problem('RESTORE_MASK', `has to be ${expected}`);
    return [];
  }
  return Object.entries(value).flatMap(([table, columns]) => {
    if (isObject(columns)) return Object.entries(columns).flatMap(([column, to]) => read(reader, table, column, to));
    reader.problem('RESTORE_MASK', `has no columns for the table ${JSON.stringify(table)}; it has to be ${expected}`);
    return [];
  });
}

function read(reader: SettingsReader, table: string, column: string, to: unknown): readonly MaskedColumn[] {
  if (to === null || (typeof to === 'string' && to.length <= 1000)) return [{ table, column, to }];
  const place = JSON.stringify(`${table}.${column}`);
  reader.problem('RESTORE_MASK', `has at ${place} neither a text of at most 1000 characters nor null`);
  return [];
}

function parsed(text: string): unknown {
  try {
    return text.length <= longest ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

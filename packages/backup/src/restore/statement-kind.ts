import { nameOf } from './dump-reader.ts';

/** What a statement of a dump is for. */
export type StatementKind =
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'rows'; readonly table: string }
  | { readonly kind: 'session' }
  /** `mode`: the SQL mode that holds from here on. */
  | { readonly kind: 'mode'; readonly mode: string }
  /** A view, routine, trigger or event, what stands in for a view, or the database's own collation: they come after the rows. */
  | { readonly kind: 'object'; readonly what: string }
  /** What means nothing in a new database that is filled by this program. */
  | { readonly kind: 'needless' }
  /** `USE` and `CREATE DATABASE`, of dumps with --databases. */
  | { readonly kind: 'database'; readonly database: string }
  /** No dump of one database has it. */
  | { readonly kind: 'foreign'; readonly begins: string };

const name = '`((?:[^`]|``)+)`';
/** The server keeps these names as they were written. */
const written = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|[^\\s(`"]+)';
const definer = '(?:DEFINER ?= ?(?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?|[^\\s`]+) )?';
const variable = '(?:@{1,2}(?:SESSION\\.)?\\w+|SESSION \\w+|\\w+)';

const table = new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${name} ?[(\\s]`, 'i');
const sequence = new RegExp(`^CREATE (?:OR REPLACE )?SEQUENCE (?:IF NOT EXISTS )?${name}\\s`, 'i');
const value = new RegExp(`^(?:SELECT|DO) SETVAL\\(${name}, ?-?\\d+(?:, ?\\d+){0,2}\\)$`, 'i');
const rows = new RegExp(`^(?:INSERT|REPLACE)(?: IGNORE)? INTO ${name}[\\s(]`, 'i');
const needless = [
  new RegExp(`^DROP (?:TABLE|SEQUENCE) IF EXISTS ${name}$`, 'i'),
  new RegExp(`^LOCK TABLES ${name} (?:READ|WRITE)(?: LOCAL)?$`, 'i'),
  new RegExp(`^ALTER TABLE ${name} (?:DISABLE|ENABLE) KEYS$`, 'i'),
  /^(?:UNLOCK TABLES|COMMIT|START TRANSACTION|BEGIN)$/i,
  /^SET (?:SESSION |@@|@@SESSION\.)?AUTOCOMMIT ?= ?\S+$/i,
  /^SET @OLD_AUTOCOMMIT ?= ?@@AUTOCOMMIT, ?@@AUTOCOMMIT ?= ?\d$/i,
  // What a server with GTIDs writes; its history is not that of the server that is restored to.
  /^SET (?:@MYSQLDUMP_TEMP_LOG_BIN ?= ?@@SESSION\.SQL_LOG_BIN|@@SESSION\.SQL_LOG_BIN ?= ?\S+|@@GLOBAL\.GTID_PURGED ?= ?.*)$/is,
];
const mode = /^SET (?:SESSION |@@SESSION\.)?sql_mode ?= ?'([^']*)'$/i;
const savedMode = /^SET sql_mode ?= ?@saved_sql_mode$/i;
const session = new RegExp(`^SET (?:NAMES \\w+|${variable} ?= ?[^;]*)$`, 'is');
const notSession = /^SET (?:GLOBAL|PERSIST|PASSWORD|ROLE|DEFAULT|STATEMENT|RESOURCE)\b|@@GLOBAL\b|@@PERSIST/i;
const view = new RegExp(
  `^CREATE (?:OR REPLACE )?(?:ALGORITHM ?= ?\\w+ )?${definer}(?:SQL SECURITY \\w+ )?VIEW ${name}[\\s(]`,
  'i',
);
const object = new RegExp(
  `^CREATE (?:OR REPLACE )?${definer}(?:AGGREGATE )?(TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE(?: BODY)?) (?:IF NOT EXISTS )?${written}[\\s(]`,
  'i',
);
const dropObject = new RegExp(
  `^DROP (VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE(?: BODY)?) IF EXISTS ${name}$`,
  'i',
);
const alterDatabase = new RegExp(`^ALTER DATABASE ${name} CHARACTER SET \\w+ COLLATE \\w+$`, 'i');
const database = new RegExp(`^(?:USE|CREATE DATABASE(?: IF NOT EXISTS)?) ${name}(?: .*)?$`, 'i');

/** Longer than the stand-in of a view with 4096 columns. */
const headLength = 1024 * 1024;

/** Of one statement, as mysqldump and mariadb-dump of any version write it. */
export function kindOf(statement: Buffer): StatementKind {
  const text = statement.toString('latin1', 0, headLength);
  // Views' stand-ins are tables in older dumps; both are conditional, as no table itself is.
  const isConditional = /^\/\*M?!/.test(text);
  const bare = withoutMarks(text);
  return (
    ofTables(bare, isConditional) ??
    ofSession(bare) ??
    ofObjects(bare, isConditional) ?? { kind: 'foreign', begins: bare.slice(0, 60) }
  );
}

function ofTables(bare: string, isConditional: boolean): StatementKind | undefined {
  if (isConditional && (table.test(bare) || needless[0]?.test(bare) === true)) return undefined;
  for (const pattern of [table, sequence]) {
    const made = pattern.exec(bare)?.[1];
    if (made !== undefined) return { kind: 'table', table: nameOf(made) };
  }
  for (const pattern of [rows, value]) {
    const filled = pattern.exec(bare)?.[1];
    if (filled !== undefined) return { kind: 'rows', table: nameOf(filled) };
  }
  return bare === '' || needless.some((pattern) => pattern.test(bare)) ? { kind: 'needless' } : undefined;
}

function ofSession(bare: string): StatementKind | undefined {
  const set = mode.exec(bare)?.[1] ?? (savedMode.test(bare) ? '' : undefined);
  if (set !== undefined) return { kind: 'mode', mode: set };
  return session.test(bare) && !notSession.test(bare) ? { kind: 'session' } : undefined;
}

function ofObjects(bare: string, isConditional: boolean): StatementKind | undefined {
  // A stand-in is of columns only.
  const isTable = table.test(bare) && !/\bDIRECTORY\b/i.test(bare) && bare.length < headLength;
  const standIn = isConditional && (isTable || needless[0]?.test(bare) === true);
  if (standIn || view.test(bare)) return { kind: 'object', what: 'view' };
  const what = (object.exec(bare) ?? dropObject.exec(bare))?.[1]?.toLowerCase();
  if (what !== undefined) return { kind: 'object', what };
  if (alterDatabase.test(bare)) return { kind: 'object', what: 'database' };
  const used = database.exec(bare)?.[1];
  return used === undefined ? undefined : { kind: 'database', database: nameOf(used) };
}

/** Without the marks of conditional comments, and with single spaces outside of names: what the server executes. */
function withoutMarks(text: string): string {
  return text
    .replace(/\/\*M?!\d*|\*\//g, ' ')
    .replace(/^\s+|\s+$/g, '')
    .replace(/^(?:[^`'"(]|`(?:[^`]|``)*`)*/, (head) =>
      head.replace(/(`(?:[^`]|``)*`)|\s+/g, (_, quoted?: string) => quoted ?? ' '),
    );
}

import { createHash } from 'node:crypto';
import { oneLine } from '@delivery/core/domain/printable';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { Fault } from '../faults.ts';
import type { BackupFile } from './backup-file.ts';
import { referencesOf } from './deferred-keys.ts';
import { DumpReader } from './dump-reader.ts';
import { kindOf } from './statement-kind.ts';

/** What a dump holds, without its rows: found by reading it through before anything is changed. */
export interface Survey {
  /** What it says of the session before its first table. */
  readonly session: readonly Buffer[];
  /** What comes after the rows, in order: views, routines, triggers, events, and what they say of the session. */
  readonly objects: readonly ObjectStatement[];
  /** Tables and sequences by their names, in the order of the dump. */
  readonly tables: ReadonlyMap<string, SurveyedTable>;
  /** By a table's quoted name, the first columns that foreign keys refer to. Bytes as Latin-1. */
  readonly referenced: ReadonlyMap<string, ReadonlySet<string>>;
  /** Bytes of the longest statement. */
  readonly longest: number;
  readonly plainBytes: number;
  /** It begins as mysqldump's and mariadb-dump's: the end of an INSERT may be known by its line's end. */
  readonly isKnown: boolean;
}

export interface SurveyedTable {
  /** Of its rows, as text. */
  readonly bytes: number;
  /** Keys besides the primary one. */
  readonly keys: number;
  readonly hasFullText: boolean;
  /** The number of its last statement; they count from 1. */
  readonly last: number;
}

/** `what`: `view`, `trigger`, `event`, …, or `session` for what sets the session. */
export interface ObjectStatement {
  readonly what: string;
  readonly text: Buffer;
}

/** Objects are kept in memory. */
const maxObjects = 64 * 1024 * 1024;

/**
 * Reads the whole file: its digest and length are the manifest's, it unpacks to its end, it ends with the end marker, its tables are the
 * manifest's, and it holds nothing but what a dump of one database does. Throws a Fault `verify-failed` otherwise.
 */
export async function surveyDump(
  file: BackupFile,
  manifest: BackupManifest | undefined,
  signal: AbortSignal,
): Promise<Survey> {
  const hash = createHash('sha256');
  const surveyor = new Surveyor();
  for await (const chunk of file.unpack(signal, (packed) => void hash.update(packed))) surveyor.push(chunk);
  const survey = surveyor.end();
  if (manifest) agree(survey, manifest, { bytes: file.bytes, sha256: hash.digest('hex') });
  return survey;
}

/** Puts a survey together from a dump that comes in pieces. */
export class Surveyor {
  readonly #reader = new DumpReader();
  readonly #session: Buffer[] = [];
  readonly #objects: ObjectStatement[] = [];
  readonly #tables = new Map<string, SurveyedTable>();
  readonly #referenced = new Map<string, Set<string>>();
  readonly #databases = new Set<string>();
  #objectBytes = 0;
  #longest = 0;
  #rowsLength = 0;
  #statements = 0;
  #plainBytes = 0;

  push(chunk: Buffer): void {
    this.#plainBytes += chunk.length;
    for (const piece of this.#reader.push(chunk)) {
      if (piece.kind === 'statement') this.#statement(piece.text);
      else {
        this.#rowsLength += piece.text.length;
        if (piece.isLast) this.#rows(piece.table);
      }
    }
  }

  end(): Survey {
    this.#reader.end();
    if (!this.#reader.isComplete) {
      throw new Fault('verify-failed', 'the dump does not end with "-- Dump completed": its end is missing');
    }
    return {
      session: this.#session,
      objects: this.#objects,
      tables: this.#tables,
      referenced: this.#referenced,
      longest: this.#longest,
      plainBytes: this.#plainBytes,
      isKnown: this.#reader.isKnown,
    };
  }

  /** A whole INSERT has gone by. */
  #rows(table: string): void {
    this.#statements++;
    this.#longest = Math.max(this.#longest, this.#rowsLength);
    const known = this.#tables.get(table);
    if (!known)
      throw new Fault('verify-failed', `the dump holds rows of the table ${oneLine(table)} before its definition`);
    this.#tables.set(table, { ...known, bytes: known.bytes + this.#rowsLength, last: this.#statements });
    this.#rowsLength = 0;
  }

  #statement(text: Buffer): void {
    const found = kindOf(text);
    if (found.kind === 'rows') {
      this.#rowsLength = text.length;
      return this.#rows(found.table);
    }
    this.#statements++;
    this.#longest = Math.max(this.#longest, text.length);
    if (found.kind === 'foreign') {
      throw new Fault(
        'verify-failed',
        `the dump holds what no dump of one database does: ${oneLine(found.begins, 60)}`,
        {
          hint: 'Look into the file; nothing has been changed.',
        },
      );
    }
    if (found.kind === 'table') {
      this.#define(found.table, text.toString('latin1'));
    }
    if (found.kind === 'database') this.#database(found.database);
    if (found.kind === 'mode') this.#reader.setMode(found.mode);
    if (found.kind === 'object') this.#keep({ what: found.what, text });
    if (found.kind === 'session' || found.kind === 'mode') {
      if (this.#tables.size === 0 && this.#objects.length === 0) this.#session.push(text);
      else this.#keep({ what: 'session', text });
    }
  }

  #define(table: string, definition: string): void {
    const keys = definition.match(/^ +(?:UNIQUE |FULLTEXT |SPATIAL )?KEY /gm)?.length ?? 0;
    const hasFullText = /^ +FULLTEXT KEY /m.test(definition);
    this.#tables.set(table, { bytes: 0, keys, hasFullText, last: this.#statements });
    for (const [to, column] of referencesOf(definition)) {
      this.#referenced.set(to, (this.#referenced.get(to) ?? new Set()).add(column));
    }
  }

  #keep(statement: ObjectStatement): void {
    this.#objectBytes += statement.text.length;
    if (this.#objectBytes > maxObjects) {
      throw new Fault('verify-failed', 'the views, routines, triggers and events of the dump are longer than 64 MiB');
    }
    this.#objects.push(statement);
  }

  #database(name: string): void {
    this.#databases.add(name);
    if (this.#databases.size > 1) {
      const names = [...this.#databases].join(' and ');
      throw new Fault('verify-failed', `the dump is of more than one database: ${oneLine(names)}`);
    }
  }
}

function agree(
  survey: Survey,
  manifest: BackupManifest,
  file: { readonly bytes: number; readonly sha256: string },
): void {
  const wrong = (what: string) =>
    new Fault('verify-failed', `${manifest.file} is not what its manifest says: ${what}`, {
      hint: 'Take another backup; this one was changed after it was made.',
    });
  if (file.bytes !== manifest.bytes) throw wrong(`it has ${file.bytes} bytes, not ${manifest.bytes}`);
  if (file.sha256 !== manifest.sha256) throw wrong(`its SHA-256 is ${file.sha256}, not ${manifest.sha256}`);
  if (survey.plainBytes !== manifest.plainBytes) {
    throw wrong(`it unpacks to ${survey.plainBytes} bytes, not ${manifest.plainBytes}`);
  }
  const said = new Set(manifest.tables.map(({ name }) => name));
  const held = new Set(survey.tables.keys());
  const missing = [...said].filter((name) => !held.has(name));
  const extra = [...held].filter((name) => !said.has(name));
  if (missing.length > 0) throw wrong(`it lacks the tables ${missing.slice(0, 10).join(', ')}`);
  if (extra.length > 0) throw wrong(`it holds the tables ${extra.slice(0, 10).join(', ')} too`);
}

import { quoteName } from '../database.ts';
import { DatabaseError } from '../database.ts';
import { Fault, messageOf } from '../faults.ts';
import type { DeferredKeys } from './deferred-keys.ts';
import { deferKeys, isSameTable } from './deferred-keys.ts';
import type { RawSession, Statement } from './raw-session.ts';
import type { Survey } from './survey.ts';

/** A table with fewer bytes of rows is loaded with all its keys. */
const muchBytes = 4 * 1024 * 1024;

/** What is still to be done for the table that is being filled. */
interface Open {
  readonly table: string;
  readonly definition: string;
  readonly keys: DeferredKeys;
}

/** Fills tables one after the other in one session: sends a statement while the next is read. */
export class TableLoader {
  readonly #session: RawSession;
  readonly #survey: Survey;
  #parts: Buffer[] = [];
  #sent: Promise<unknown> = Promise.resolve();
  #open: Open | undefined;
  /** The character set that definitions are written in. */
  #client = 'utf8';

  constructor(session: RawSession, survey: Survey) {
    this.#session = session;
    this.#survey = survey;
  }

  /** Takes note of what the dump says of the session before a definition. */
  setClient(statement: Buffer): void {
    const text = statement.toString('latin1', 0, 200);
    this.#client = /\bSET character_set_client *= *(\w+)\b/i.exec(text)?.[1] ?? this.#client;
  }

  /** Ends the table before and begins this one. Throws a Fault `load-failed`. */
  async define(table: string, statement: Buffer): Promise<void> {
    await this.#close();
    const what = `the table ${table}`;
    await this.#send(`SET @delivery_client = @@character_set_client, character_set_client = ${this.#client}`, what);
    await this.#send(statement, what);
    await this.#send('SET character_set_client = @delivery_client', what);
    await this.#sent;
    if ((this.#survey.tables.get(table)?.bytes ?? 0) >= muchBytes) this.#open = await this.#deferKeys(table);
  }

  /** A part of an INSERT; with its last it is sent, once the one before is done, so that two at most are in memory. */
  async rows(table: string, part: Buffer, isLast: boolean): Promise<void> {
    this.#parts.push(part);
    if (!isLast) return;
    const parts = this.#parts;
    this.#parts = [];
    await this.#send(parts, `rows of the table ${table}`);
  }

  /** Waits until everything is done. Throws a Fault `load-failed`. */
  async end(): Promise<void> {
    await this.#close();
    await this.#sent;
  }

  /** Undefined when there are none, or the server wants to keep them. */
  async #deferKeys(table: string): Promise<Open | undefined> {
    const definition = await this.#definition(table);
    const name = Buffer.from(quoteName(table)).toString('latin1');
    const keys = deferKeys(definition, this.#survey.referenced.get(name) ?? new Set());
    if (!keys) return undefined;
    try {
      await this.#session.run(alter(table, keys.drop));
      return { table, definition, keys };
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code === 'connect') throw error;
      return undefined;
    }
  }

  async #close(): Promise<void> {
    await this.#sent;
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { table, definition, keys } = open;
    await this.#send(alter(table, keys.add), `the keys of the table ${table}`);
    await this.#sent;
    if (!isSameTable(definition, await this.#definition(table))) {
      throw new Fault('load-failed', `the table ${table} did not get back the keys that were put off`);
    }
  }

  async #definition(table: string): Promise<string> {
    return (await this.#session.ask(`SHOW CREATE TABLE ${quoteName(table)}`)) ?? '';
  }

  async #send(statement: Statement, what: string): Promise<void> {
    await this.#sent;
    this.#sent = this.#session.run(statement).catch((error: unknown) => {
      throw refused(what, error);
    });
    this.#sent.catch(() => undefined);
  }
}

/** `changes` are bytes as Latin-1, as the server told them. */
function alter(table: string, changes: string): Buffer {
  return Buffer.concat([Buffer.from(`ALTER TABLE ${quoteName(table)} `), Buffer.from(changes, 'latin1')]);
}

/** The server's refusal as a failure of the load; other errors as they are. */
export function refused(what: string, error: unknown): unknown {
  if (!(error instanceof DatabaseError) || error.code === 'connect') return error;
  const hint = hints[error.errno ?? 0] ?? 'See the message of the server.';
  return new Fault('load-failed', `the server did not take ${what}: ${messageOf(error)}`, { cause: error, hint });
}

const otherVersion = 'Restore into a server of the backup’s product and version, or a later one.';
const otherDatabase = 'It names another database than its own, which a restore does not touch.';

const hints: Readonly<Record<number, string>> = {
  1044: otherDatabase,
  1142: otherDatabase,
  1064: otherVersion,
  1115: otherVersion,
  1273: otherVersion,
  1153: 'Raise max_allowed_packet of this server.',
  1227: 'It wants more rights than those on its own database, which a restore does not give.',
  1419: 'Set log_bin_trust_function_creators=1 on this server: it writes a binary log.',
};

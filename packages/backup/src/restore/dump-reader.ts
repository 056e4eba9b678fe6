import { Fault } from '../faults.ts';
import { StatementLexer } from './dump-lexer.ts';

/** A part of a dump, in order: a whole statement without its delimiter, or a part of an INSERT statement, which may be long. */
export type Piece =
  | { readonly kind: 'statement'; readonly text: Buffer }
  | { readonly kind: 'rows'; readonly table: string; readonly text: Buffer; readonly isLast: boolean };

/** What a line is known by: a name has 256 bytes at most, doubled when quoted. */
const headLength = 1024;
/** Up to VALUES, where the columns are named too. */
const rowsHeadLength = 16 * 1024;
/** Of a statement that is not rows. */
const maxStatement = 64 * 1024 * 1024;
const lineFeed = 0x0a;
const rowsEnd = Buffer.from(';\n');
const rowsHead = /^(?:INSERT|REPLACE)(?: IGNORE)? INTO `((?:[^`\n]|``)+)`(?: \([^\n]*?\))? VALUES\s/;
const writer = /^-- (?:MariaDB|MySQL) dump /m;
const lone = /^\/\*(?:M?!999999|(?!M?!))(?:(?!\*\/).)*\*\/$/;
const endMarker = /^-- Dump completed(?: on [\d: -]+)?$/;

/**
 * Takes a dump apart as it comes, in memory of one statement that is not rows. Rows of mysqldump and mariadb-dump are not looked into:
 * these programs write a line feed in a value as `\n`, so the first `;` before a line's end ends them. Dumps of others are lexed whole.
 */
export class DumpReader {
  readonly #lexer = new StatementLexer();
  #mode: 'start' | 'comment' | 'statement' | 'rows' = 'start';
  #table = '';
  /** What has been taken of the current statement, or of the current line. */
  #parts: Buffer[] = [];
  #length = 0;
  #isKnown: boolean | undefined;
  #isComplete = false;
  #statements = 0;

  /** Whether the last line so far is the end marker. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether it begins as mysqldump's and mariadb-dump's do. */
  get isKnown(): boolean {
    return this.#isKnown === true;
  }

  /** What the chunk ends. Throws a Fault for a statement that has no end. */
  push(chunk: Buffer): readonly Piece[] {
    let rest = chunk;
    const pieces: Piece[] = [];
    while (rest.length > 0) {
      if (this.#mode === 'start') rest = this.#start(rest, false);
      else if (this.#mode === 'comment') rest = this.#comment(rest);
      else if (this.#mode === 'rows') rest = this.#rows(rest, pieces);
      else rest = this.#statement(rest, pieces);
    }
    return pieces;
  }

  /** What is left at the end of the file. Throws a Fault when it ends within a statement. */
  end(): void {
    let rest: Buffer = Buffer.alloc(0);
    if (this.#mode === 'start') rest = this.#start(rest, true);
    if (this.#mode === 'comment') return;
    if (this.#mode !== 'start' || rest.length > 0 || this.#length > 0) {
      throw new Fault('verify-failed', `the dump ends within its statement ${this.#statements + 1}`);
    }
  }

  /** After a SET sql_mode: what quotes mean from here on. */
  setMode(mode: string): void {
    this.#lexer.quoting = {
      backslash: !/\bNO_BACKSLASH_ESCAPES\b/i.test(mode),
      ansi: /\b(?:ANSI|ANSI_QUOTES)\b/i.test(mode),
    };
  }

  /** Looks at the beginning of a line, up to its end or so far that an INSERT is known by it. Gives what is still to be read. */
  #start(chunk: Buffer, isEnd: boolean): Buffer {
    const joined = this.#length === 0 ? chunk : Buffer.concat([...this.#parts, chunk]);
    this.#clear();
    const end = joined.indexOf(lineFeed);
    const isShort = joined.length < (begins(joined) ? rowsHeadLength : headLength);
    if (end < 0 && isShort && !isEnd) {
      this.#keep(joined);
      return empty;
    }
    const line = joined.toString('latin1', 0, Math.min(end < 0 ? joined.length : end, headLength)).trim();
    this.#isKnown ??= this.#isHead(joined, isEnd);
    if (line !== '' && !this.#passOver(line)) return this.#begin(joined);
    if (end >= 0) return joined.subarray(end + 1);
    if (!isEnd) this.#mode = 'comment';
    return empty;
  }

  /** A statement begins with these bytes. */
  #begin(joined: Buffer): Buffer {
    this.#isComplete = false;
    const isRows = this.#isKnown === true && begins(joined);
    const table = isRows ? rowsHead.exec(joined.toString('latin1', 0, rowsHeadLength))?.[1] : undefined;
    this.#mode = table === undefined ? 'statement' : 'rows';
    this.#table = table === undefined ? '' : nameOf(table);
    return joined;
  }

  /** The rest of a line that is longer than what it is known by. */
  #comment(chunk: Buffer): Buffer {
    const end = chunk.indexOf(lineFeed);
    if (end < 0) return empty;
    this.#mode = 'start';
    return chunk.subarray(end + 1);
  }

  /** Undefined as long as it is not known: the first lines may be a sandbox mark and blank. */
  #isHead(joined: Buffer, isEnd: boolean): boolean | undefined {
    const text = joined.toString('latin1', 0, headLength);
    if (writer.test(text)) return true;
    const line = text.split('\n', 1)[0]?.trim() ?? '';
    return !isEnd && (line === '' || lone.test(line)) ? undefined : false;
  }

  /** Comments, and the client's own DELIMITER. */
  #passOver(line: string): boolean {
    const [, delimiter] = /^DELIMITER\s+(\S{1,16})$/i.exec(line) ?? [];
    if (delimiter !== undefined) this.#lexer.delimiter = Buffer.from(delimiter, 'latin1');
    const isComment = /^(?:--(?:\s|$)|#)/.test(line) || lone.test(line);
    if (isComment) this.#isComplete = endMarker.test(line);
    return isComment || delimiter !== undefined;
  }

  #rows(chunk: Buffer, pieces: Piece[]): Buffer {
    // The mark may lie on both sides of a chunk's end: a `;` there waits for what follows.
    const text = this.#length === 0 ? chunk : Buffer.concat([...this.#parts, chunk]);
    this.#clear();
    const end = text.indexOf(rowsEnd);
    if (end >= 0) {
      pieces.push({ kind: 'rows', table: this.#table, text: text.subarray(0, end), isLast: true });
      this.#mode = 'start';
      this.#statements++;
      return text.subarray(end + rowsEnd.length);
    }
    const isOpen = text[text.length - 1] === rowsEnd[0];
    if (isOpen) this.#keep(text.subarray(text.length - 1));
    const part = isOpen ? text.subarray(0, -1) : text;
    if (part.length > 0) pieces.push({ kind: 'rows', table: this.#table, text: part, isLast: false });
    return empty;
  }

  #statement(chunk: Buffer, pieces: Piece[]): Buffer {
    const end = this.#lexer.scan(chunk, 0);
    this.#keep(end < 0 ? chunk : chunk.subarray(0, end));
    if (this.#length > maxStatement) {
      throw new Fault('verify-failed', `statement ${this.#statements + 1} of the dump is longer than 64 MiB`);
    }
    if (end < 0) return empty;
    const text = Buffer.concat(this.#parts);
    pieces.push({ kind: 'statement', text: text.subarray(0, text.length - this.#lexer.delimiter.length) });
    this.#clear();
    this.#mode = 'start';
    this.#statements++;
    return chunk.subarray(end);
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  #clear(): void {
    this.#parts = [];
    this.#length = 0;
  }
}

const empty = Buffer.alloc(0);

/** Like an INSERT or a REPLACE. */
function begins(text: Buffer): boolean {
  return /^(?:INSERT|REPLACE) /.test(text.toString('latin1', 0, 8));
}

/** A quoted name's inner text as it stands in the file, read as UTF-8. */
export function nameOf(quoted: string): string {
  return Buffer.from(quoted.replaceAll('``', '`'), 'latin1').toString('utf8');
}

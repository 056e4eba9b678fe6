/** What the next byte belongs to. Between two bytes of a mark such as `/*` there is a state too, so that a statement may come in pieces. */
type State = (byte: number, quoting: Quoting) => State;

/** What the SQL mode of the session says of quotes. */
export interface Quoting {
  /** False after NO_BACKSLASH_ESCAPES. */
  readonly backslash: boolean;
  /** True after ANSI_QUOTES: `"` is then what a backtick is. */
  readonly ansi: boolean;
}

const [lineFeed, single, double, backtick, backslash, hash, dash, slash, star, bang, m] = [
  ...Buffer.from('\n\'"`\\#-/*!M'),
] as [number, number, number, number, number, number, number, number, number, number, number];

const isBlank = (byte: number) => byte <= 0x20;

const code: State = (byte, quoting) => {
  if (byte === single) return inSingle;
  if (byte === double) return quoting.ansi ? inName(double) : inDouble;
  if (byte === backtick) return inName(backtick);
  if (byte === hash) return inLine;
  if (byte === dash) return afterDash;
  if (byte === slash) return afterSlash;
  return byte === star ? afterStar : code;
};
const afterDash: State = (byte, quoting) => (byte === dash ? afterDashes : code(byte, quoting));
const afterDashes: State = (byte, quoting) => {
  if (byte === lineFeed) return code;
  if (isBlank(byte)) return inLine;
  return byte === dash ? afterDashes : code(byte, quoting);
};
const afterSlash: State = (byte, quoting) => (byte === star ? afterSlashStar : code(byte, quoting));
// What stands in `/*! */` and `/*M! */` is executed: its marks are passed over, the text in between is code.
const afterSlashStar: State = (byte) => {
  if (byte === bang) return code;
  return byte === m ? afterSlashStarM : inBlock(byte, { backslash: true, ansi: false });
};
const afterSlashStarM: State = (byte, quoting) => (byte === bang ? code : inBlock(byte, quoting));
const afterStar: State = (byte, quoting) => (byte === slash ? code : code(byte, quoting));
const inLine: State = (byte) => (byte === lineFeed ? code : inLine);
const inBlock: State = (byte) => (byte === star ? inBlockAfterStar : inBlock);
const inBlockAfterStar: State = (byte) => {
  if (byte === slash) return code;
  return byte === star ? inBlockAfterStar : inBlock;
};
const inSingle: State = (byte, quoting) => {
  if (byte === single) return code;
  return byte === backslash && quoting.backslash ? () => inSingle : inSingle;
};
const inDouble: State = (byte, quoting) => {
  if (byte === double) return code;
  return byte === backslash && quoting.backslash ? () => inDouble : inDouble;
};
// A quote that is doubled ends the name and begins it anew, which comes to the same.
const inBackticks: State = (byte) => (byte === backtick ? code : inBackticks);
const inDoubles: State = (byte) => (byte === double ? code : inDoubles);
const inName = (quote: number) => (quote === backtick ? inBackticks : inDoubles);

/** Finds where a statement ends: at the delimiter that is neither quoted nor in a comment, as MySQL's and MariaDB's clients read it. */
export class StatementLexer {
  delimiter = Buffer.from(';');
  quoting: Quoting = { backslash: true, ansi: false };
  #state: State = code;
  /** So many bytes of the delimiter have been seen. */
  #matched = 0;

  /** The place behind the delimiter, or -1 when the statement goes on behind this chunk. */
  scan(chunk: Buffer, from: number): number {
    let state = this.#state;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#isEnd(byte, state)) {
        this.#state = code;
        this.#matched = 0;
        return at + 1;
      }
      state = state(byte, this.quoting);
    }
    this.#state = state;
    return -1;
  }

  #isEnd(byte: number, state: State): boolean {
    if (!codeStates.has(state)) this.#matched = 0;
    else if (byte === this.delimiter[this.#matched]) this.#matched++;
    else this.#matched = byte === this.delimiter[0] ? 1 : 0;
    return this.#matched === this.delimiter.length;
  }
}

const codeStates: ReadonlySet<State> = new Set([code, afterDash, afterDashes, afterSlash, afterStar]);

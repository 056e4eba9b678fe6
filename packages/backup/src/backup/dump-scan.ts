/** What a dump says of itself: the tables and views whose definitions it holds, and whether it comes to its end. */
export interface ScannedDump {
  readonly plainBytes: number;
  readonly tables: readonly string[];
  readonly views: readonly string[];
  /** The last line is the end marker. */
  readonly complete: boolean;
}

/** Longer than any line that is looked for: a name has 64 characters of four bytes, each of its quotes doubled. */
const overlap = 1024;
const heading = Buffer.from('\n-- ');
const pattern =
  /^\n-- (Table structure for table|Sequence structure for|Final view structure for view) `((?:[^`\n]|``)+)`\n--\n/;
const endMarker = /\n-- Dump completed(?: on [\d: -]+)?\s*$/;

/**
 * Reads a dump of mysqldump or mariadb-dump piece by piece, in constant memory. Rows cannot be taken for headings: the programs write a
 * line feed inside a value as `\n`.
 */
export class DumpScanner {
  readonly #tables = new Set<string>();
  readonly #views = new Set<string>();
  #plainBytes = 0;
  /** What may be the beginning of a heading. */
  #rest = Buffer.alloc(0);

  write(chunk: Buffer): void {
    this.#plainBytes += chunk.length;
    const text = Buffer.concat([this.#rest, chunk]);
    const end = Math.max(0, text.length - overlap);
    this.#search(text, end);
    this.#rest = Buffer.from(text.subarray(end));
  }

  end(): ScannedDump {
    this.#search(this.#rest, this.#rest.length);
    return {
      plainBytes: this.#plainBytes,
      tables: [...this.#tables].sort(),
      views: [...this.#views].sort(),
      complete: endMarker.test(this.#rest.toString('latin1')),
    };
  }

  /** Looks at what begins before `end`. */
  #search(text: Buffer, end: number): void {
    for (let at = text.indexOf(heading); at >= 0 && at < end; at = text.indexOf(heading, at + 1)) {
      const [, kind, name] = pattern.exec(text.toString('utf8', at, at + overlap)) ?? [];
      if (name === undefined) continue;
      const known = kind?.includes('view') === true ? this.#views : this.#tables;
      known.add(name.replaceAll('``', '`'));
    }
  }
}

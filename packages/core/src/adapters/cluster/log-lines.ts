/** A line of a container's log as the kubelet gives it with `timestamps=true`. */
export interface LogLine {
  /** When it was written, in UTC with nine digits of the second, so that stamps compare as text; empty when it has none. */
  readonly stamp: string;
  readonly text: string;
}

const maxLineBytes = 16 * 1024;
/** `2026-01-02T15:04:05.000000000+00:00` and a space. */
const maxStampBytes = 36;
const maxKeptBytes = maxStampBytes + maxLineBytes + 4;
const [lineFeed, space] = [0x0a, 0x20];

/** Takes the bytes of a log as they come and gives its lines. What it keeps is bounded: the rest of a line too long is dropped. */
export class LogLines {
  readonly #kept = Buffer.alloc(maxKeptBytes);
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #length = 0;

  /** The lines that end within this chunk. */
  push(chunk: Uint8Array): LogLine[] {
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      lines.push(this.#line(chunk.subarray(start, end)));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The line that has not ended, as far as it has come. */
  rest(): LogLine | undefined {
    return this.#length === 0 ? undefined : this.#parse(this.#kept.subarray(0, this.#length));
  }

  #line(end: Uint8Array): LogLine {
    if (this.#length === 0) return this.#parse(end);
    this.#keep(end);
    const line = this.#parse(this.#kept.subarray(0, this.#length));
    this.#length = 0;
    return line;
  }

  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, maxKeptBytes - this.#length);
    this.#kept.set(kept, this.#length);
    this.#length += kept.length;
  }

  #parse(bytes: Uint8Array): LogLine {
    const end = bytes.subarray(0, maxStampBytes).indexOf(space);
    const stamp = end < 0 ? '' : toStamp(Buffer.from(bytes.subarray(0, end)).toString('latin1'));
    const content = stamp === '' ? bytes : bytes.subarray(end + 1);
    if (content.length <= maxLineBytes) return { stamp, text: this.#decoder.decode(content) };
    // As a stream, so that a character which the cut goes through is left out.
    const cut = new TextDecoder('utf-8', { ignoreBOM: true });
    return { stamp, text: cut.decode(content.subarray(0, maxLineBytes), { stream: true }) };
  }
}

const stampForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 of any zone, that of the node; empty when it is no time. */
function toStamp(text: string): string {
  const [, seconds, fraction = '', zone] = stampForm.exec(text) ?? [];
  const time = seconds === undefined ? NaN : Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(time)) return '';
  return `${zone === 'Z' ? seconds : new Date(time).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`;
}

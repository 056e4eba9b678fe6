import type { Http2ServerResponse } from 'node:http2';

/** A line, or a part of one, as the runtime writes it into the file of a container's log. */
export interface LogRecord {
  /** Nanoseconds since 2026-01-02T15:00:00Z. */
  readonly at: number;
  readonly data: string | Uint8Array;
  /** The line goes on with the next record. */
  readonly partial?: boolean;
}

/** Where a stream ends early: before this record of the file, after so many bytes of it. */
export interface Break {
  readonly record: number;
  readonly bytes: number;
  readonly how: 'cut' | 'end';
}

/** Plays the kubelet's log of one run of a container (cri-client, ReadLogs), with faults on demand. */
export class StubLog {
  /** Each works once, for the first stream that gets there. */
  readonly breaks: Break[] = [];
  /** Writes nothing more, but lets the streams stand. */
  isMute = false;
  #file: LogRecord[] = [];
  #rotated = 0;
  #isEnded = false;
  readonly #streams = new Set<() => void>();

  write(...records: readonly LogRecord[]): void {
    for (const record of records) this.#file.push(record);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** What was written so far cannot be had any more. Streams that stand have read it. */
  rotate(): void {
    this.#rotated += this.#file.length;
    this.#file = [];
  }

  serve(query: URLSearchParams, response: Http2ServerResponse): void {
    const since = query.get('sinceTime');
    const from = since === null ? -Infinity : (Date.parse(since) - epochMs) * 1e6;
    const isFollowed = query.get('follow') === 'true';
    let [next, isNewLine] = [this.#rotated, true];
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.on('error', () => {});
    response.on('close', () => this.#streams.delete(go));
    const go = () => {
      if (this.isMute) return;
      const out: Uint8Array[] = [];
      for (; next < this.#rotated + this.#file.length; next += 1) {
        const record = this.#file[next - this.#rotated];
        if (!record) throw new Error('a stream was behind the rotation');
        const line = record.at < from ? Buffer.alloc(0) : bytesOf(record, isNewLine);
        if (record.at >= from) isNewLine = record.partial !== true;
        const index = this.breaks.findIndex((one) => one.record === next);
        const [broken] = index < 0 ? [] : this.breaks.splice(index, 1);
        out.push(broken ? line.subarray(0, broken.bytes) : line);
        if (!broken) continue;
        this.#streams.delete(go);
        if (broken.how === 'end') return void response.end(Buffer.concat(out));
        return void response.write(Buffer.concat([...out, Buffer.alloc(0)]), () => response.socket.destroy());
      }
      if (this.#isEnded || !isFollowed) {
        this.#streams.delete(go);
        response.end(Buffer.concat(out));
      } else if (out.length > 0) response.write(Buffer.concat(out));
    };
    if (isFollowed) this.#streams.add(go);
    go();
  }

  get streams(): number {
    return this.#streams.size;
  }

  #wake(): void {
    for (const go of [...this.#streams]) go();
  }
}

const epochMs = Date.parse('2026-01-02T15:00:00Z');

export function stampOf(at: number): string {
  const seconds = new Date(epochMs + Math.floor(at / 1e9) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(at % 1e9).padStart(9, '0')}Z`;
}

function bytesOf({ at, data, partial }: LogRecord, isNewLine: boolean): Buffer {
  const prefix = isNewLine ? `${stampOf(at)} ` : '';
  return Buffer.concat([Buffer.from(prefix), Buffer.from(data as string), Buffer.from(partial === true ? '' : '\n')]);
}

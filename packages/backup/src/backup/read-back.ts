import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Compression } from '@delivery/core/domain/backup/name';
import { Fault } from '../faults.ts';
import { failureOf, startPipe } from '../programs.ts';
import type { ScannedDump } from './dump-scan.ts';
import { DumpScanner } from './dump-scan.ts';

/** What a backup's file holds, read from the disk to its end. */
export interface ReadBack extends ScannedDump {
  readonly bytes: number;
  readonly sha256: string;
}

const unpackers: Readonly<Record<Compression, string>> = { zst: 'zstd', gz: 'gzip' };

/** Reads it through once: its digest, and what it unpacks to. Throws a Fault `verify-failed` when it does not unpack. */
export async function readBack(path: string, compression: Compression, signal: AbortSignal): Promise<ReadBack> {
  const unpacker = unpackers[compression];
  const pipe = await startPipe([{ command: unpacker, args: ['-d', '-c', '-q'] }], {
    signal,
    stdin: 'pipe',
    stdout: 'pipe',
  });
  const hash = createHash('sha256');
  const scanner = new DumpScanner();
  let bytes = 0;
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const feed = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  pipe.stdout?.on('data', (chunk: Buffer) => scanner.write(chunk));
  // A file that does not unpack ends the program, and then this: its exit code is what tells.
  const fed = Promise.allSettled(pipe.stdin ? [pipeline(file, feed, pipe.stdin)] : []);
  const [end] = await pipe.ended;
  const [read] = await fed;
  signal.throwIfAborted();
  const trouble = end && failureOf(end);
  if (trouble !== undefined) {
    throw new Fault('verify-failed', `it does not unpack: ${trouble}: ${end?.stderrTail.trim()}`);
  }
  if (read?.status === 'rejected') throw read.reason;
  return { ...scanner.end(), bytes, sha256: hash.digest('hex') };
}

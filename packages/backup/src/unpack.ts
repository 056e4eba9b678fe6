import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { oneLine } from '@delivery/core/domain/printable';
import type { Compression } from '@delivery/core/domain/backup/name';
import { Fault } from './faults.ts';
import type { RunningPipe } from './programs.ts';
import { failureOf, startPipe } from './programs.ts';

const unpackers: Readonly<Record<Compression, string>> = { zst: 'zstd', gz: 'gzip' };

/**
 * Gives what an open file unpacks to, piece by piece, from its beginning. `seen` gets the packed pieces. Throws a Fault `verify-failed`
 * when it does not unpack to its end.
 */
export async function* unpack(
  handle: FileHandle,
  compression: Compression,
  signal: AbortSignal,
  seen: (packed: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const program = { command: unpackers[compression], args: ['-d', '-c', '-q'] };
  const options = { signal: AbortSignal.any([signal, stop.signal]), stdin: 'pipe', stdout: 'pipe' } as const;
  const pipe = await startPipe([program], options);
  const fed = feed(handle, pipe, seen);
  let isRead = false;
  try {
    yield* (pipe.stdout ?? []) as AsyncIterable<Buffer>;
    isRead = true;
  } finally {
    // Whoever stops reading early leaves a program that waits for its reader.
    if (!isRead) stop.abort(new Error('nobody reads on'));
    await Promise.allSettled([fed, pipe.ended]);
  }
  signal.throwIfAborted();
  const [end] = await pipe.ended;
  const failed = end && failureOf(end);
  if (failed !== undefined) {
    throw new Fault('verify-failed', `the backup does not unpack: ${failed}: ${oneLine(end?.stderrTail ?? '')}`);
  }
  await fed;
}

/** From the beginning of the file, whatever was read of it before. */
async function feed(handle: FileHandle, { stdin }: RunningPipe, seen: (packed: Buffer) => void): Promise<void> {
  if (!stdin) return;
  const pieces = async function* () {
    for (let position = 0; ;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(256 * 1024), 0, 256 * 1024, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const piece = buffer.subarray(0, bytesRead);
      seen(piece);
      yield piece;
    }
  };
  await pipeline(pieces, stdin);
}

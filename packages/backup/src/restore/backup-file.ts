import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { oneLine } from '@delivery/core/action/printable';
import type { Compression } from '@delivery/core/domain/backup/name';
import { Fault } from '../faults.ts';
import type { RunningPipe } from '../programs.ts';
import { failureOf, startPipe } from '../programs.ts';

/** A backup's file that is open: whatever happens to its name meanwhile, what is read is this one. */
export interface BackupFile {
  readonly bytes: number;
  /**
   * Gives what it unpacks to, piece by piece, from its beginning. `seen` gets the packed pieces. Throws a Fault `verify-failed` when it
   * does not unpack to its end.
   */
  unpack(signal: AbortSignal, seen?: (packed: Buffer) => void): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

const unpackers: Readonly<Record<Compression, string>> = { zst: 'zstd', gz: 'gzip' };

/** Opens a file below `root` that is no link, a regular one, and lies where its path says. Throws a Fault `no-backup` otherwise. */
export async function openBackup(
  root: string,
  path: readonly [folder: string, name: string],
  compression: Compression,
): Promise<BackupFile> {
  const whole = join(root, ...path);
  let handle: FileHandle;
  try {
    handle = await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'is a link' : 'could not be opened';
    throw new Fault('no-backup', `${path.join('/')} ${why}`, { cause: error });
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Fault('no-backup', `${path.join('/')} is no file`);
    // A folder on the way could be a link too.
    const [real, place] = await Promise.all([realpath(root), readlink(`/proc/self/fd/${handle.fd}`)]);
    if (!place.startsWith(real + sep)) throw new Fault('no-backup', `${path.join('/')} lies outside of its volume`);
    return {
      bytes: stat.size,
      unpack: (...options) => unpack(handle, compression, ...options),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* unpack(
  handle: FileHandle,
  compression: Compression,
  signal: AbortSignal,
  seen: (packed: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const cancel = () => stop.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  const program = { command: unpackers[compression], args: ['-d', '-c', '-q'] };
  const pipe = await startPipe([program], { signal: stop.signal, stdin: 'pipe', stdout: 'pipe' });
  const fed = feed(handle, pipe, seen);
  let isRead = false;
  try {
    yield* (pipe.stdout ?? []) as AsyncIterable<Buffer>;
    isRead = true;
  } finally {
    // Whoever stops reading early, or was cancelled, leaves a program that waits for its reader.
    if (!isRead || signal.aborted) stop.abort(new Error('nobody reads on'));
    signal.removeEventListener('abort', cancel);
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

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Program, ProgramEnd } from '../programs.ts';
import { startPipe } from '../programs.ts';

/** A dump on its way through the compressor into a file. */
export interface RunningDump {
  /** The process that talks to the database server. */
  readonly pid: number;
  /** Rejects with the signal's reason, or when the file could not be written. The programs' exit codes are the caller's to judge. */
  readonly written: Promise<WrittenDump>;
}

export interface WrittenDump {
  readonly bytes: number;
  readonly sha256: string;
  readonly ends: readonly ProgramEnd[];
}

/**
 * Starts `dump | packer`, the kernel's pipe between them, and hashes what comes out on its way to `path`, which must not exist yet. It
 * is on the disk when `written` resolves. Nothing is removed here.
 */
export async function startDump(
  programs: readonly [Program, Program],
  path: string,
  signal: AbortSignal,
): Promise<RunningDump> {
  const failed = new AbortController();
  const pipe = await startPipe(programs, { signal: AbortSignal.any([signal, failed.signal]), stdout: 'pipe' });
  const written = write(pipe.stdout, path)
    .catch(async (error: unknown) => {
      failed.abort(error);
      await pipe.ended;
      throw error;
    })
    .then(async (file) => ({ ...file, ends: await pipe.ended }))
    .then((dump) => {
      signal.throwIfAborted();
      return dump;
    });
  // Whoever started it waits for other things first.
  written.catch(() => undefined);
  return { pid: pipe.pids[0] ?? 0, written };
}

/** One write waits for the one before, so that memory stays flat. */
async function write(source: Readable | undefined, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of (source ?? []) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      await writeAll(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
}

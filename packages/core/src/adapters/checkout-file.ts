import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';

const maxBytes = 256 * 1024;

/** What is to be thrown. */
export interface Refusals {
  /** `message` goes behind the name of the file. */
  readonly refuse: (message: string) => unknown;
  /** For a system call that failed. */
  readonly unreadable: (error: unknown) => unknown;
}

/** A file of the checkout, 256 KiB at most. `root` is the checkout, links resolved; `file` may be a link that stays inside. */
export function readInside(root: string, file: string, { refuse, unreadable }: Refusals): Buffer {
  const found = called(() => realpathSync(file), unreadable);
  if (!isInside(root, found)) throw refuse('is a link that leads out of the checkout: put the file itself there');
  // Opening a pipe must not wait for its other end.
  const handle = called(() => openSync(found, constants.O_RDONLY | constants.O_NONBLOCK), unreadable);
  try {
    if (!fstatSync(handle).isFile()) throw refuse('is not a file');
    const bytes = readAtMost(handle, maxBytes + 1);
    if (bytes.length > maxBytes) throw refuse('is larger than 256 KiB');
    return bytes;
  } finally {
    closeSync(handle);
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function called<T>(call: () => T, unreadable: Refusals['unreadable']): T {
  try {
    return call();
  } catch (error) {
    throw unreadable(error);
  }
}

function readAtMost(handle: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (;;) {
    const read = readSync(handle, buffer, length, limit - length, null);
    length += read;
    if (read === 0 || length === limit) return buffer.subarray(0, length);
  }
}

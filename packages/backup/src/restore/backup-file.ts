import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Compression } from '@delivery/core/domain/backup/name';
import { Fault } from '../faults.ts';
import { unpack } from '../unpack.ts';

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

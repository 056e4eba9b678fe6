import type { Stats } from 'node:fs';
import { lstat, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDirectory } from '../domain/data-directory.ts';
import { dataNamePattern, maxDataEntries } from '../domain/data-directory.ts';
import { ActionError } from '../errors/errors.ts';
import type { DataRoot } from '../ports/data-root.ts';

/** A directory of this machine; the path itself may be a link, which is resolved once. */
export function openDataRoot(path: string, maxEntries = maxDataEntries): DataRoot {
  return {
    async list(signal) {
      const root = await orUndefined(realpath(path));
      const names = root === undefined ? undefined : await orUndefined(dataNames(root, maxEntries, signal));
      if (root === undefined || names === undefined) return undefined;
      const directories: DataDirectory[] = [];
      for (const name of names) {
        signal.throwIfAborted();
        const found = await look(root, name);
        if (found) directories.push(found);
      }
      return directories;
    },
  };
}

async function dataNames(root: string, maxEntries: number, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  let count = 0;
  for await (const { name } of await opendir(root)) {
    signal.throwIfAborted();
    count += 1;
    if (count > maxEntries)
      throw new ActionError('data-root', `${root} has more than ${maxEntries} entries`, {
        hint: 'Give the directory that holds the data directories, such as /fragalysis/django_data.',
      });
    if (dataNamePattern.test(name)) names.push(name);
  }
  return names;
}

/** Undefined when it has gone meanwhile. What nobody may look into is an error: it might be the newest. */
async function look(root: string, name: string): Promise<DataDirectory | undefined> {
  const path = join(root, name);
  const stats = await statsOf(path);
  if (!stats) return undefined;
  if (!stats.isDirectory()) {
    const type = stats.isSymbolicLink() ? 'link' : 'other';
    return { name, type, ready: 'missing', targetList: 'missing' };
  }
  const [ready, list] = await Promise.all([statsOf(join(path, 'READY')), statsOf(join(path, 'TARGET_LIST'))]);
  return {
    name,
    type: 'directory',
    ready: kindOf(ready),
    targetList: list?.isFile() ? list.size : missingOrOther(list),
  };
}

function kindOf(stats: Stats | undefined): DataDirectory['ready'] {
  return stats?.isFile() ? 'file' : missingOrOther(stats);
}

function missingOrOther(stats: Stats | undefined): 'missing' | 'other' {
  return stats ? 'other' : 'missing';
}

/** Undefined when it is not there; a link is not followed. */
async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ActionError('data-root', `${path} cannot be looked at (${code})`, {
      hint: 'Let the runner read the data directories, and look whether the volume answers.',
      cause: error,
    });
  }
}

/** A failed system call means that the root cannot be read; anything else is thrown on. */
async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall === 'string') return undefined;
    throw error;
  }
}

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

/** Undefined when it has gone meanwhile. */
async function look(root: string, name: string): Promise<DataDirectory | undefined> {
  const path = join(root, name);
  const stats = await lstat(path).catch(isMissing);
  if (stats === 'missing') return undefined;
  if (!stats?.isDirectory()) {
    const type = stats?.isSymbolicLink() ? 'link' : 'other';
    return { name, type, ready: 'missing', targetList: 'missing' };
  }
  const [ready, list] = await Promise.all(
    ['READY', 'TARGET_LIST'].map((file) => lstat(join(path, file)).catch(isMissing)),
  );
  const targetList = kindOf(list) === 'file' ? (list as Stats).size : (kindOf(list) as 'missing' | 'other');
  return { name, type: 'directory', ready: kindOf(ready), targetList };
}

type Looked = Stats | 'missing' | undefined;

function kindOf(stats: Looked): 'file' | 'missing' | 'other' {
  if (stats === 'missing') return 'missing';
  return stats?.isFile() ? 'file' : 'other';
}

/** `missing` when it is not there; undefined when nobody may look. */
function isMissing(error: unknown): 'missing' | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : undefined;
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

import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Fault, makeRoom } from '../faults.ts';
import type { LayoutPlan, Link } from './layout.ts';
import { mebibytes } from './mebibytes.ts';

/** Where unfinished files of one database lie; no tier's folder ever holds one under its final name. */
export class Workshop {
  readonly #root: string;
  readonly #link: typeof link;
  readonly folder: string;

  /** `makeLink` is link(2); another one is for tests of file systems that know none. */
  constructor(root: string, database: string, makeLink: typeof link = link) {
    this.#root = root;
    this.#link = makeLink;
    this.folder = join(root, '.partial', database);
  }

  /** Removes what a run that was killed has left, and makes the folder. Only under the database's lock. */
  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
  }

  /** Removes all unfinished files, and the folders when nothing else is in them. */
  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    // Another database's run may be at work in it.
    await rmdir(join(this.#root, '.partial')).catch(() => undefined);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The same as a path below the root. */
  below(name: string): string {
    return relative(this.#root, this.path(name));
  }

  /** Writes a small file and has it on the disk before it returns. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
    await flush(this.path(name));
  }

  /** Does what the plan says: every link before any removal, each folder on the disk in between. */
  async apply({ links, removals }: Pick<LayoutPlan, 'links' | 'removals'>): Promise<void> {
    for (const one of links) await this.give(one);
    await this.#sync(links.map(({ to }) => to));
    for (const path of removals) await rm(join(this.#root, path), { force: true });
    await this.#sync(removals);
  }

  /** Gives a file a further name: at once and whole, also where the file system knows no links. Paths are below the root. */
  async give({ from, to }: Link): Promise<void> {
    const [source, target] = [join(this.#root, from), join(this.#root, to)];
    await mkdir(dirname(target), { recursive: true });
    const temporary = this.path(to.replaceAll('/', '~'));
    await rm(temporary, { force: true });
    try {
      await this.#link(source, temporary);
    } catch (error) {
      if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      await flush(temporary);
    }
    await rename(temporary, target);
    // Between two names of one file rename(2) does nothing, and leaves both.
    await rm(temporary, { force: true });
  }

  async #sync(paths: readonly string[]): Promise<void> {
    for (const folder of new Set(paths.map(dirname))) await flush(join(this.#root, folder));
  }

  /** Throws a Fault `disk-full` when the volume has less room than `bytes`. */
  async checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#root);
    const free = bavail * bsize;
    if (free >= bytes) return;
    const said = `${this.#root} has ${mebibytes(free)} free, the last backup has ${mebibytes(bytes)}`;
    throw new Fault('disk-full', `there is no room for a backup: ${said}`, {
      hint: makeRoom,
    });
  }
}

/** What file systems without hard links answer: NFS and SMB by their servers, FAT, some FUSE. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

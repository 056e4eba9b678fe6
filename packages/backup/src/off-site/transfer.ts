import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tiers } from '@delivery/core/domain/backup/tiers';
import { partialDir } from './copies.ts';
import { OffSiteError } from './failures.ts';
import type { Connection, Source } from './run-rsync.ts';
import { rsync } from './run-rsync.ts';

/** One folder here and one there, and how to get there. */
export interface Transfer extends Connection {
  readonly root: string;
}

/** Each line is how a file differs (rsync(1), --itemize-changes) and its name. */
const itemize = '--out-format=%i %n';

/** What would be sent, judged by size and time as rsync does. */
export async function missing(transfer: Transfer, paths: readonly string[]): Promise<readonly string[]> {
  const output = await rsync(transfer, ['--dry-run', ...likeHere, itemize], files(transfer, paths));
  return sentLines(output);
}

/** What is not byte for byte there, read on both sides. */
export async function different(transfer: Transfer, paths: readonly string[]): Promise<readonly string[]> {
  const args = ['--dry-run', '--checksum', '--stats', '--no-human-readable', itemize];
  const output = await rsync(transfer, args, { ...files(transfer, paths), bytes: await sizeOf(transfer, paths) });
  const [, compared] = /^Number of files: .*\breg: (\d+)/m.exec(output) ?? [];
  if (Number(compared) !== paths.length) {
    const said = `rsync compared ${compared ?? 'no'} files instead of ${paths.length}`;
    throw new OffSiteError('not-compared', said, 'Look into the log of this run and of the server there.');
  }
  return sentLines(output);
}

/** Sends what is missing and gives the bytes that went over the line. `anew`: also what only differs in its content. */
export async function send(transfer: Transfer, paths: readonly string[], { anew = false } = {}): Promise<number> {
  const args = [...likeHere, `--partial-dir=${partialDir}`, '--stats', '--no-human-readable'];
  const source = { ...files(transfer, paths), bytes: await sizeOf(transfer, paths) };
  const output = await rsync(transfer, anew ? [...args, '--checksum'] : args, source);
  const [, bytes] = /^Total bytes sent: (\d+)/m.exec(output) ?? [];
  return Number(bytes ?? 0);
}

/** Names in the tiers' folders there that could be copies, whatever lies here. Nothing is changed. */
export async function listThere(transfer: Transfer): Promise<readonly string[]> {
  // Deleting what an empty folder has not, as a dry run: unlike a listing it needs no right to read there.
  const empty = await emptyFolder(transfer, tiers);
  const rules = tiers.flatMap((tier) => [
    ...[`/${tier}/`, `/${tier}/backup-*`, `/${tier}/.backup-*`],
    ...[`/${tier}/${partialDir}/`, `/${tier}/${partialDir}/backup-*`],
  ]);
  const output = await rsync(transfer, ['--dry-run', itemize, ...deleting], { from: empty, list: rules.join('\n') });
  return output.split('\n').flatMap((line) => /^\*deleting +(\S+[^/])$/.exec(line)?.[1] ?? []);
}

/** Removes exactly these files there; every other is protected by a rule. */
export async function removeThere(transfer: Transfer, paths: readonly string[]): Promise<void> {
  const folders = [...new Set(paths.map(dirname))];
  const top = [...new Set(paths.map((path) => path.split('/')[0] ?? ''))];
  const empty = await emptyFolder(transfer, top);
  const rules = [
    ...top.map((folder) => `/${folder}/`),
    ...folders.map((folder) => `/${folder}/`),
    ...paths.map((path) => `/${path}`),
  ];
  const limit = `--max-delete=${paths.length + folders.length}`;
  await rsync(transfer, [...deleting, limit], { from: empty, list: rules.join('\n') });
}

const likeHere = ['--times', '--omit-dir-times', '--hard-links'];
const deleting = ['--recursive', '--delete', '--include-from=-', '--exclude=*'];

function files({ root }: Transfer, paths: readonly string[]): Source {
  return { from: root, list: paths.map((path) => `${path}\0`).join(''), args: ['--from0', '--files-from=-'] };
}

async function sizeOf({ root }: Transfer, paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(root, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sentLines(output: string): readonly string[] {
  return output.split('\n').flatMap((line) => /^<f\S* (.+)$/.exec(line)?.[1] ?? []);
}

async function emptyFolder({ access }: Transfer, names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(access.folder, 'empty-'));
  for (const name of names) await mkdir(join(folder, name));
  return folder;
}

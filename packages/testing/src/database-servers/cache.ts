import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ownFolder } from './own-folder.ts';

const databasesDir = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'fragalysis-actions',
  'databases',
);

/**
 * The folder NAME-KEY of the cache; built when it is not there. It gets its name when it is whole, so neither an interrupted build nor
 * two at once leave a half one. Older ones of the same name go.
 */
export async function cached(name: string, key: string, build: (dir: string) => Promise<void>): Promise<string> {
  const folder = join(databasesDir, `${name}-${key}`);
  if (existsSync(folder)) return folder;
  const fresh = ownFolder(databasesDir, '.building');
  try {
    await build(fresh);
    // Another process may have been quicker; its folder is as good.
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  for (const old of readdirSync(databasesDir)) {
    if (old.startsWith(`${name}-`) && old !== `${name}-${key}`) rmSync(join(databasesDir, old), { recursive: true });
  }
  return folder;
}

/** A key from texts: what a recipe says. */
export function keyOf(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 12);
}

/** Gets one file by HTTPS; throws when it is not the one whose SHA-256 (hex) is given. */
export async function download(url: string, sha256: string, file: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(file));
  const found = hash.digest('hex');
  if (found !== sha256) throw new Error(`${url} has SHA-256 ${found}, not the expected ${sha256}`);
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { manifestName } from '@delivery/core/domain/backup/name';
import { parseBackupManifest } from '@delivery/core/domain/backup/report-schema';
import type { Copy } from './copies.ts';
import { parseCopy } from './copies.ts';
import { OffSiteError } from './failures.ts';

/**
 * The paths as copies, after a look at the volume: a backup at least, nothing but backups and manifests in tier folders, plain files
 * in plain folders (a link could carry any file away). Throws an OffSiteError.
 */
export async function copiesOnVolume(root: string, wanted: readonly string[]): Promise<readonly Copy[]> {
  const copies = wanted.map((path) => {
    const copy = parseCopy(path);
    if (copy === undefined || copy.is === 'rest') throw onVolume(`${path} is not the name of a backup or manifest`);
    return copy;
  });
  if (!copies.some(({ is }) => is === 'backup')) throw onVolume('it holds no verified backup, so nothing is sent');
  for (const { path } of copies) {
    const [file, folder] = await Promise.all([kind(join(root, path)), kind(join(root, dirname(path)))]);
    if (file !== 'file' || folder !== 'folder') throw onVolume(`${path} is not a plain file in a plain folder`);
  }
  return copies;
}

/** Reads backups of the volume and compares them with their manifests: what is broken here must not replace what is whole there. */
export async function checkDigests(root: string, copies: readonly Copy[], signal: AbortSignal): Promise<void> {
  const seen = new Set<string>();
  for (const { path, backup, is } of copies) {
    if (is !== 'backup' || seen.has(backup)) continue;
    seen.add(backup);
    const expected = await manifestDigest(join(root, manifestName(path)), path);
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(root, path)), hash, { signal });
    if (hash.digest('hex') !== expected) {
      throw onVolume(`${path} is not what its manifest says (SHA-256); the copy off site was left as it is`);
    }
  }
}

async function manifestDigest(file: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw onVolume(`the manifest of ${path} cannot be read`, cause);
  }
  const manifest = parseBackupManifest(text);
  if ('problem' in manifest) throw onVolume(`the manifest of ${path} ${manifest.problem}`);
  return manifest.sha256;
}

async function kind(path: string): Promise<'file' | 'folder' | 'other'> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  } catch (cause) {
    throw onVolume(`${path} cannot be read`, cause);
  }
}

function onVolume(what: string, cause?: unknown): OffSiteError {
  const next = 'Look at the volume of the backups, then run the backup again.';
  return new OffSiteError('off-site-volume', `on the volume of the backups: ${what}`, next, cause);
}

import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { manifestName, parseBackupName } from '@delivery/core/domain/backup/name';
import type { KeptBackup, Tier } from '@delivery/core/domain/backup/tiers';
import { tiers } from '@delivery/core/domain/backup/tiers';
import { parseBackupManifest } from '@delivery/core/domain/backup/report-schema';

/** A file of a tier's folder. */
export interface Place {
  readonly tier: Tier;
  readonly bytes: number;
}

/** A backup's file by its name, in all the folders that it lies in. */
export interface StoredBackup {
  readonly name: string;
  readonly at: Date;
  readonly places: readonly Place[];
  readonly manifest: BackupManifest | undefined;
  /** The folders that hold a manifest of it, the one that was read first. */
  readonly manifestsIn: readonly Tier[];
  /** Why it is none; '' when its manifest is there and a file of that size is. `unread`: nobody has looked into it yet. */
  readonly trouble: string;
}

export interface Volume {
  /** Those of one database, newest first. */
  readonly backups: readonly StoredBackup[];
  /** Manifests whose backup is nowhere, as paths below the root: what a run left that was killed between the two. */
  readonly orphans: readonly string[];
}

/** What a manifest may have at most: the report's own limit. */
const maxManifestBytes = 4 * 1024 * 1024;

/** `StoredBackup.trouble` of a file without a manifest: the old system's, until it has been read through. */
export const unread = 'it has no manifest and has not been read';

/** Reads names, sizes and manifests of one database's files; those of others, and unknown names, are passed over. */
export async function readVolume(root: string, database: string): Promise<Volume> {
  const found = new Map<string, Place[]>();
  const manifests = new Map<string, Tier[]>();
  for (const tier of tiers) {
    for (const entry of await list(join(root, tier))) {
      const isManifest = entry.endsWith('.json');
      const name = isManifest ? entry.slice(0, -'.json'.length) : entry;
      if (parseBackupName(name)?.database !== database) continue;
      if (isManifest) manifests.set(name, [...(manifests.get(name) ?? []), tier]);
      else {
        const bytes = await sizeOf(join(root, tier, entry));
        if (bytes !== undefined) found.set(name, [...(found.get(name) ?? []), { tier, bytes }]);
      }
    }
  }
  const backups = await Promise.all(
    [...found].map(([name, places]) => readBackup(root, name, places, manifests.get(name) ?? [])),
  );
  const orphans = [...manifests].flatMap(([name, in_]) =>
    found.has(name) ? [] : in_.map((tier) => join(tier, manifestName(name))),
  );
  return { backups: backups.sort(newestFirst), orphans };
}

/** What counts for the tiers: the verified ones. */
export function keptBackups(backups: readonly StoredBackup[]): readonly KeptBackup[] {
  return backups.flatMap(({ name, at, manifest, trouble }) =>
    trouble === '' && manifest ? [{ name, at, manual: manifest.manual }] : [],
  );
}

/** Whether the file of a place is as long as its manifest says. */
export function isWhole({ bytes }: Place, { manifest }: StoredBackup): boolean {
  return bytes === manifest?.bytes;
}

export function newestFirst(a: { readonly at: Date; name: string }, b: { readonly at: Date; name: string }): number {
  return b.at.getTime() - a.at.getTime() || (a.name < b.name ? 1 : -1);
}

async function readBackup(
  root: string,
  name: string,
  places: readonly Place[],
  manifestsIn: readonly Tier[],
): Promise<StoredBackup> {
  const at = parseBackupName(name)?.at ?? new Date(NaN);
  let trouble = unread;
  for (const tier of manifestsIn) {
    const manifest = await readManifest(join(root, tier, manifestName(name)));
    if ('problem' in manifest) trouble = `its manifest ${manifest.problem}`;
    else if (manifest.file !== name) trouble = `its manifest is that of ${manifest.file}`;
    else if (!places.some(({ bytes }) => bytes === manifest.bytes)) {
      trouble = `it has ${places[0]?.bytes} bytes, its manifest says ${manifest.bytes}`;
    } else {
      const others = manifestsIn.filter((other) => other !== tier);
      return { name, at, places, manifest, manifestsIn: [tier, ...others], trouble: '' };
    }
  }
  return { name, at, places, manifest: undefined, manifestsIn, trouble };
}

async function readManifest(path: string): Promise<BackupManifest | { readonly problem: string }> {
  const size = await sizeOf(path);
  if (size === undefined) return { problem: 'is no regular file' };
  return size > maxManifestBytes ? { problem: 'is too long' } : parseBackupManifest(await readFile(path, 'utf8'));
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined for what is no regular file, or gone: who reads another project's volume does not hold its lock. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

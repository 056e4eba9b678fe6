import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { parseBackupName } from '@delivery/core/domain/backup/name';
import { tiers } from '@delivery/core/domain/backup/tiers';
import { oneLine } from '@delivery/core/domain/printable';
import type { StoredBackup } from '../backup/volume.ts';
import { newestFirst, readVolume, unread } from '../backup/volume.ts';
import { Fault } from '../faults.ts';
import type { BackupFile } from './backup-file.ts';
import { openBackup } from './backup-file.ts';
import type { RestoreSettings } from './settings.ts';

/** The backup that is restored, open. */
export interface ChosenBackup {
  readonly name: string;
  readonly database: string;
  readonly file: BackupFile;
  /** Undefined for a file of the old system. */
  readonly manifest: BackupManifest | undefined;
}

/** All backups of the source's project, of any database, newest first. Throws a Fault `no-source`. */
export async function readSource({ sources, from }: RestoreSettings): Promise<readonly StoredBackup[]> {
  const root = join(sources, from);
  const mounted = await foldersOf(sources);
  if (!mounted.includes(from)) {
    const others =
      mounted.length > 0 ? `it has ${mounted.map((one) => oneLine(one, 64)).join(', ')}` : 'it is empty or not there';
    throw new Fault('no-source', `the backups of ${from} are not mounted at ${sources}: ${others}`, {
      hint: 'Choose one of these, or mount the backup volume of the project there, read-only.',
    });
  }
  const databases = new Set<string>();
  for (const tier of tiers) {
    for (const file of await readdir(join(root, tier)).catch(noFolder)) {
      const name = parseBackupName(file)?.database;
      if (name !== undefined) databases.add(name);
    }
  }
  const volumes = await Promise.all([...databases].map((database) => readVolume(root, database)));
  return volumes.flatMap(({ backups }) => backups).sort(newestFirst);
}

/** Opens the backup that was asked for. Throws a Fault `no-backup` that says what could be had. */
export async function chooseBackup(settings: RestoreSettings, backups: readonly StoredBackup[]): Promise<ChosenBackup> {
  const { backup, from, sources } = settings;
  const chosen = backup === 'latest' ? latest(settings, backups) : named(settings, backups);
  const { name, manifest, places } = chosen;
  const parts = parseBackupName(name);
  const place = places.find(({ bytes }) => bytes === manifest?.bytes) ?? places[0];
  if (!parts || !place) throw new Fault('no-backup', `${name} is not there any more`);
  const file = await openBackup(join(sources, from), [place.tier, name], parts.compression);
  // What an old file was found to be says nothing of its rows.
  return { name, database: parts.database, file, manifest };
}

/** Files of the old system, which nobody has looked into, count as well. */
function latest({ from, server }: RestoreSettings, backups: readonly StoredBackup[]): StoredBackup {
  const good = backups.filter(isRestorable);
  const databases = [...new Set(good.map(({ name }) => parseBackupName(name)?.database ?? ''))];
  const own = databases.length > 1 && databases.includes(server.database) ? server.database : undefined;
  if (databases.length > 1 && own === undefined) {
    throw new Fault('no-backup', `${from} has backups of several databases: ${databases.join(', ')}`, {
      hint: 'Name the backup that is meant.',
    });
  }
  const [newest] = good.filter(({ name }) => own === undefined || parseBackupName(name)?.database === own);
  if (newest) return newest;
  const broken = backups[0] ? `; the newest file is none: ${backups[0].name}: ${backups[0].trouble}` : '';
  throw new Fault('no-backup', `${from} has no verified backup${broken}`, { hint: 'Take a backup of it first.' });
}

function named({ backup, from }: RestoreSettings, backups: readonly StoredBackup[]): StoredBackup {
  const found = backups.find(({ name }) => name === backup);
  if (found && isRestorable(found)) return found;
  if (found) throw new Fault('no-backup', `${backup} is no backup: ${found.trouble}`, { hint: 'Choose another one.' });
  const at = parseBackupName(backup)?.at.getTime() ?? 0;
  const near = backups
    .filter(isRestorable)
    .map((one) => ({ name: one.name, away: Math.abs(one.at.getTime() - at) }))
    .sort((a, b) => a.away - b.away)
    .slice(0, 3);
  const nearest = near.length > 0 ? `; the nearest are ${near.map(({ name }) => name).join(', ')}` : '; it has none';
  throw new Fault('no-backup', `${from} has no backup ${backup}${nearest}`, {
    hint: 'Ask for `list` to see all of them.',
  });
}

function isRestorable({ trouble }: StoredBackup): boolean {
  return trouble === '' || trouble === unread;
}

async function foldersOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(noFolder);
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function noFolder(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}

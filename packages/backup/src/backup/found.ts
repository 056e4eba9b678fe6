import { join } from 'node:path';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { manifestName, parseBackupName } from '@delivery/core/domain/backup/name';
import { Fault } from '../faults.ts';
import { formatManifest } from '../manifest-file.ts';
import type { Ports } from '../ports.ts';
import { readBack } from './read-back.ts';
import type { Workshop } from './workshop.ts';
import type { StoredBackup } from './volume.ts';
import { unread } from './volume.ts';

/**
 * Reads the files that have no manifest, those of the old system, and writes one beside each that is whole, so that it counts and can be
 * restored. Gives all backups with what is known now; a broken one keeps its place and says what is wrong.
 */
export async function adoptFound(
  root: string,
  backups: readonly StoredBackup[],
  workshop: Workshop,
  { signal, say }: Pick<Ports, 'signal' | 'say'>,
): Promise<readonly StoredBackup[]> {
  const all: StoredBackup[] = [];
  for (const backup of backups) {
    if (backup.trouble !== unread) {
      all.push(backup);
      continue;
    }
    const adopted = await adopt(root, backup, workshop, signal);
    say(`found ${backup.name}: ${adopted.trouble === '' ? 'whole; it is counted from now on' : adopted.trouble}`);
    all.push(adopted);
  }
  return all;
}

async function adopt(
  root: string,
  backup: StoredBackup,
  workshop: Workshop,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const [home] = backup.places;
  const name = parseBackupName(backup.name);
  if (!home || !name) return backup;
  try {
    const read = await readBack(join(root, home.tier, backup.name), name.compression, signal);
    if (!read.complete) return { ...backup, trouble: 'it has no end marker: the dump was broken off' };
    if (read.tables.length === 0) return { ...backup, trouble: 'it holds no table' };
    const manifest = manifestOf(backup, name.database, read);
    const file = manifestName(backup.name);
    await workshop.write(file, formatManifest(manifest));
    const whole = backup.places.filter(({ bytes }) => bytes === read.bytes).map(({ tier }) => tier);
    const links = whole.map((tier) => ({ from: workshop.below(file), to: `${tier}/${file}` }));
    await workshop.apply({ links, removals: [] });
    return { ...backup, manifest, manifestsIn: whole, trouble: '' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...backup, trouble: error.message };
  }
}

function manifestOf(
  { name, at, places }: StoredBackup,
  database: string,
  { bytes, plainBytes, sha256, tables }: Awaited<ReturnType<typeof readBack>>,
): BackupManifest {
  const time = at.toISOString();
  const unknown = { rows: null, checksum: null, content: null, notes: [] };
  return {
    ...{ version: 1, file: name, origin: 'found', manual: places.some(({ tier }) => tier === 'manual'), database },
    ...{ bytes, plainBytes, sha256, startedAt: time, snapshotAt: time, endedAt: time, tools: {}, server: undefined },
    ...{ characterSet: '', collation: '', tables: tables.map((table) => ({ name: table, engine: '', ...unknown })) },
    ...{ views: [], routines: [], triggers: [], events: [] },
  };
}

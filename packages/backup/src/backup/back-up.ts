import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { formatBackupName, manifestName } from '@delivery/core/domain/backup/name';
import { dueTiers, keptBy } from '@delivery/core/domain/backup/tiers';
import { Fault } from '../faults.ts';
import { alarmsOf, notesOf } from './alarms.ts';
import type { BackingUp, End } from './backing-up.ts';
import { checkNewest } from './clock-check.ts';
import { copyOffSite } from './copy-off-site.ts';
import { inventoryOf } from './draft.ts';
import { planLayout } from './layout.ts';
import { checkServer, isDue, look, sayVolume } from './look.ts';
import { makeBackup } from './make.ts';
import { mebibytes } from './mebibytes.ts';
import type { StoredBackup } from './volume.ts';
import { isWhole, keptBackups, readVolume } from './volume.ts';

/** Looks, decides, dumps, verifies, places, removes what is not kept, sends. Throws a Fault; what is known by then is in the draft. */
export async function backUp(work: BackingUp): Promise<End> {
  const { settings, lock, steps, draft, ports } = work;
  const stored = await steps.run(
    'volume',
    () => look(work),
    (backups) => sayVolume(settings, backups),
  );
  draft.inventory = inventoryOf(stored);
  const program = await steps.run(
    'server',
    () => checkServer(work),
    ({ version }) => `reached; dumped by ${version}`,
  );
  const now = ports.clock.now();
  checkNewest(stored[0], now);
  const due = dueTiers(keptBackups(stored), settings.keep, now);
  if (!isDue(settings.type, due)) return skip(work, stored);
  const last = stored.find(({ trouble }) => trouble === '')?.manifest;
  await work.workshop.checkRoom(last?.bytes ?? 0);
  const at = await freeSecond(work, stored, now);
  const name = { at, database: settings.server.database, compression: settings.compression };
  const made = await makeBackup({ ...work, program, name });
  await steps.run(
    'place',
    () => place(work, stored, made),
    () => `kept in ${draft.tiers.join(', ')}`,
  );
  // Who has lost the lock is not alone, and must not remove anything.
  lock.signal.throwIfAborted();
  draft.alarms.push(...alarmsOf(last, made, settings), ...notesOf(made));
  await steps.run(
    'prune',
    () => tidy(work, stored, made.file),
    () => `${draft.pruned.length} removed`,
  );
  const tables = made.tables.length;
  const sentence = `${made.file} is verified: ${mebibytes(made.bytes)}, ${tables} tables, kept in ${draft.tiers.join(', ')}`;
  return copyOffSite(work, { verdict: 'verified', cause: '', next: '', sentence });
}

/** A run that was killed may have left a tier without its link; that is put right also when nothing is due. */
async function skip(work: BackingUp, stored: readonly StoredBackup[]): Promise<End> {
  const { settings, workshop, draft } = work;
  const { links, kept } = planLayout(stored, settings.keep);
  await workshop.apply({ links, removals: [] });
  const newest = stored.find(({ trouble }) => trouble === '');
  draft.tiers = newest ? (kept.get(newest.name) ?? []) : [];
  const what = settings.type === 'auto' ? 'no tier is due' : `the tier ${settings.type} is not due`;
  const sentence = `${what}: the newest backup is ${newest?.name ?? 'none'}`;
  return copyOffSite(work, { verdict: 'skipped', cause: '', next: '', sentence });
}

/** Two backups of one second would have one name. */
async function freeSecond(
  { settings, lock, ports }: BackingUp,
  stored: readonly StoredBackup[],
  now: Date,
): Promise<Date> {
  const { compression, server } = settings;
  const taken = new Set(stored.map(({ name }) => name));
  for (let at = now; ; at = ports.clock.now()) {
    if (!taken.has(formatBackupName({ at, database: server.database, compression }))) return at;
    await ports.clock.sleep(100, lock.signal);
  }
}

/** The manifest first, then the backup, in every tier that keeps it: from the first link on it is one. */
async function place(
  { settings, workshop, draft }: BackingUp,
  stored: readonly StoredBackup[],
  made: BackupManifest,
): Promise<void> {
  const { file, manual, startedAt } = made;
  const own = { name: file, at: new Date(startedAt), manual };
  const tiers = keptBy([own, ...keptBackups(stored)], settings.keep).get(file);
  // A tier that keeps none may still be asked for by its name.
  draft.tiers = tiers ?? [settings.type === 'auto' ? 'hourly' : settings.type];
  const links = draft.tiers.flatMap((tier) =>
    [manifestName(file), file].map((name) => ({ from: workshop.below(name), to: `${tier}/${name}` })),
  );
  await workshop.apply({ links, removals: [] });
  draft.manifest = made;
}

/** Brings every tier to what it keeps, and reads the volume again for the report. */
async function tidy(
  { settings, workshop, draft }: BackingUp,
  stored: readonly StoredBackup[],
  made: string,
): Promise<void> {
  const { root, keep, server, prunes } = settings;
  const before = await readVolume(root, server.database);
  const plan = planLayout(before.backups, keep);
  await workshop.apply(prunes ? plan : { ...plan, removals: [] });
  draft.pruned = prunes ? plan.pruned : [];
  const { backups } = await readVolume(root, server.database);
  // What is wrong with a file without a manifest was found out at the beginning.
  const known = new Map(stored.map((backup) => [backup.name, backup.trouble]));
  const judged = backups.map((one) =>
    one.trouble === '' ? one : { ...one, trouble: known.get(one.name) ?? one.trouble },
  );
  draft.inventory = inventoryOf(judged);
  const own = backups.find(({ name }) => name === made);
  if (!own?.manifest) throw new Fault('verify-failed', `${made} is not on the volume after it was placed there`);
  draft.manifest = own.manifest;
  draft.tiers = own.places.filter((one) => isWhole(one, own)).map(({ tier }) => tier);
}

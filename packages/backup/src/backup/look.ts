import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tier } from '@delivery/core/domain/backup/tiers';
import { readServer } from '../facts.ts';
import type { BackupSettings } from '../settings.ts';
import type { BackingUp } from './backing-up.ts';
import { checkClock } from './clock-check.ts';
import type { DumpProgram } from './dump-program.ts';
import { checkDumpProgram, readDumpProgram } from './dump-program.ts';
import { checkMayLook } from './dump-session.ts';
import { adoptFound } from './found.ts';
import type { StoredBackup } from './volume.ts';
import { readVolume } from './volume.ts';

/** What is on the volume, once what a killed run left is gone and the old files are read. */
export async function look({ settings, workshop, ports, lock }: BackingUp): Promise<readonly StoredBackup[]> {
  const { root, server } = settings;
  await workshop.clear();
  const { backups, orphans } = await readVolume(root, server.database);
  for (const orphan of orphans) await rm(join(root, orphan), { force: true });
  return adoptFound(root, backups, workshop, { signal: lock.signal, say: ports.say });
}

/** Clock, privileges and dump program, before anything is written. Throws a Fault or a DatabaseError. */
export async function checkServer({ settings, lock, ports }: BackingUp): Promise<DumpProgram> {
  const { connection, signal } = lock;
  await checkClock(connection, { ...ports, signal });
  await checkMayLook(connection, signal);
  const program = await readDumpProgram(settings.dumpProgram, signal);
  const server = await readServer(connection, signal);
  await checkDumpProgram(program, server, { connection, database: settings.server.database, signal });
  return program;
}

export function sayVolume({ root }: BackupSettings, backups: readonly StoredBackup[]): string {
  const verified = backups.filter(({ trouble }) => trouble === '').length;
  const broken = backups.length - verified;
  return `${verified} verified backups on ${root}${broken > 0 ? `, and ${broken} that are none` : ''}`;
}

/** Whether the tier that was asked for is due. */
export function isDue(type: BackupSettings['type'], due: readonly Tier[]): boolean {
  if (type === 'manual') return true;
  return type === 'auto' ? due.length > 0 : due.includes(type);
}

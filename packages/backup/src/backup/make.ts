import { basename } from 'node:path';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { BackupName } from '@delivery/core/domain/backup/name';
import { formatBackupName, manifestName } from '@delivery/core/domain/backup/name';
import { parseBackupManifest } from '@delivery/core/domain/backup/report-schema';
import { formatDuration } from '@delivery/core/domain/duration';
import type { DatabaseLock } from '../database-lock.ts';
import { formatManifest } from '../manifest-file.ts';
import { writeOptionFile } from '../option-file.ts';
import type { Ports } from '../ports.ts';
import type { BackupSettings } from '../settings.ts';
import type { Steps } from '../steps.ts';
import { Fault, makeRoom } from '../faults.ts';
import type { Dump } from './dump.ts';
import { dumpOnce } from './dump.ts';
import type { DumpProgram } from './dump-program.ts';
import { dumpCommand, packerOf, versionOf } from './dump-program.ts';
import { mebibytes } from './mebibytes.ts';
import { verify } from './verify.ts';
import type { Workshop } from './workshop.ts';

export interface Making {
  readonly settings: BackupSettings;
  readonly lock: DatabaseLock;
  readonly workshop: Workshop;
  readonly program: DumpProgram;
  readonly name: BackupName;
  readonly steps: Steps;
  readonly ports: Ports;
}

/** Dumps, reads the dump back, and leaves a verified backup and its manifest in the workshop. Gives the manifest. */
export async function makeBackup(making: Making): Promise<BackupManifest> {
  const { settings, lock, workshop, name, steps } = making;
  const path = workshop.path(formatBackupName(name));
  const dump = await dumpTwice(making, path);
  const read = await steps.run(
    'verify',
    () => verify(path, name.compression, dump, lock.signal),
    ({ tables, plainBytes }) =>
      `read back: digest, end marker and ${tables.length} tables agree; ${mebibytes(plainBytes)} plain`,
  );
  const { facts, tables } = dump;
  const { server, characterSet, collation, views, routines, triggers, events } = facts;
  const manifest: BackupManifest = {
    ...{ version: 1, file: formatBackupName(name), origin: 'dump', manual: settings.type === 'manual' },
    ...{ database: name.database, bytes: dump.bytes, plainBytes: read.plainBytes, sha256: dump.sha256 },
    startedAt: name.at.toISOString(),
    snapshotAt: dump.snapshotAt.toISOString(),
    endedAt: dump.endedAt.toISOString(),
    tools: await toolsOf(making),
    ...{ server, characterSet, collation, tables, views, routines, triggers, events },
  };
  const text = formatManifest(manifest);
  const parsed = parseBackupManifest(text);
  if ('problem' in parsed) throw new Fault('internal', `the manifest of ${manifest.file} ${parsed.problem}`);
  await workshop.write(manifestName(manifest.file), text);
  return manifest;
}

/** A second time when tables were altered during the first: a migration is over by then, as a rule. */
async function dumpTwice({ settings, lock, program, name, steps, ports }: Making, path: string): Promise<Dump> {
  const { server } = settings;
  const options = await writeOptionFile(server);
  const programs = [dumpCommand(program, options.path, server.database), packerOf(name.compression)] as const;
  const once = () =>
    steps.run(
      'dump',
      () => whereFull(path, dumpOnce({ server, lock, programs, path, ports })),
      (dump) => sayDump(dump),
    );
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'definition-changed')) throw error;
    ports.say('dump: once more, as something was altered during it');
    return await once();
  } finally {
    await options.remove();
  }
}

async function toolsOf({ program, name, lock }: Making): Promise<BackupManifest['tools']> {
  const packer = packerOf(name.compression).command;
  return { [basename(program.command)]: program.version, [packer]: await versionOf(packer, lock.signal) };
}

async function whereFull(path: string, dump: Promise<Dump>): Promise<Dump> {
  try {
    return await dump;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new Fault('disk-full', `the volume became full while ${path} was written`, {
      hint: makeRoom,
      cause: error,
    });
  }
}

function sayDump({ bytes, blockedMs, snapshotAt, endedAt, tables }: Dump): string {
  const seconds = Math.max(0.001, (endedAt.getTime() - snapshotAt.getTime()) / 1000);
  const speed = `${mebibytes(bytes / seconds)}/s`;
  const took = formatDuration(endedAt.getTime() - snapshotAt.getTime());
  return `${tables.length} tables, ${mebibytes(bytes)} in ${took} (${speed}); writers waited ${blockedMs} ms at most`;
}

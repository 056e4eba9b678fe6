import { access, constants } from 'node:fs/promises';
import { describeFailure } from '../faults.ts';
import { Fault } from '../faults.ts';
import type { BackupReport } from '@delivery/core/domain/backup/report';
import type { DatabaseLock } from '../database-lock.ts';
import { takeLock } from '../database-lock.ts';
import type { Ports } from '../ports.ts';
import type { Environment } from '../settings-reader.ts';
import type { BackupSettings } from '../settings.ts';
import { readBackup } from '../settings.ts';
import { Steps } from '../steps.ts';
import { backUp } from './back-up.ts';
import { Draft } from './draft.ts';
import { Workshop } from './workshop.ts';

/** `backup`: makes one when it is due, under the database's lock. Never throws: whatever happens is in the report. */
export async function runBackup(env: Environment, ports: Ports): Promise<BackupReport> {
  const steps = new Steps(ports);
  const draft = new Draft();
  try {
    const settings = readBackup(env);
    await checkRoot(settings.root);
    const lock = await lockDatabase(settings, steps, ports);
    const workshop = new Workshop(settings.root, settings.server.database);
    try {
      const { verdict, ...said } = await backUp({ settings, lock, workshop, steps, draft, ports });
      return draft.report(steps, verdict, said);
    } finally {
      await workshop.close();
      lock.release();
    }
  } catch (error) {
    return draft.report(steps, 'failed', describeFailure(ports.signal.aborted ? ports.signal.reason : error));
  }
}

async function lockDatabase(
  { server, lockWaitSeconds }: BackupSettings,
  steps: Steps,
  ports: Ports,
): Promise<DatabaseLock> {
  return steps.run(
    'lock',
    () => takeLock(server, lockWaitSeconds, ports),
    () => `no other run works on ${server.database} of ${server.host}`,
  );
}

/** A volume that is not mounted must not be made up: the backup would go with the container. */
async function checkRoot(root: string): Promise<void> {
  try {
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Fault('config', `BACKUP_ROOT: ${root} is not there or may not be written`, {
      hint: 'Mount the backup volume there, writable for the group of this container.',
      cause: error,
    });
  }
}

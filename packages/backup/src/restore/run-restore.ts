import type { ListReport, RestoreReport } from '@delivery/core/domain/backup/report';
import { inventoryOf } from '../backup/draft.ts';
import type { DatabaseLock } from '../database-lock.ts';
import { takeLock } from '../database-lock.ts';
import type { Failure } from '../faults.ts';
import { describeFailure } from '../faults.ts';
import type { Ports } from '../ports.ts';
import type { Environment } from '../settings-reader.ts';
import { Steps } from '../steps.ts';
import { Draft } from './draft.ts';
import { restore } from './restore.ts';
import type { RestoreSettings } from './settings.ts';
import { readRestore } from './settings.ts';
import type { ChosenBackup } from './source.ts';
import { chooseBackup, readSource } from './source.ts';

/** `restore`: lists, drills or restores. Never throws: whatever happens is in the report. */
export async function runRestore(env: Environment, ports: Ports): Promise<RestoreReport | ListReport> {
  const steps = new Steps(ports);
  const draft = new Draft();
  const isList = env['RESTORE_BACKUP'] === 'list';
  try {
    const settings = readRestore(env);
    draft.drill = settings.drill;
    if (isList) return await list(settings, steps);
    draft.backup = settings.backup;
    const chosen = await steps.run(
      'choose',
      async () => chooseBackup(settings, await readSource(settings)),
      ({ name }) => `${name} of ${settings.from}`,
    );
    draft.backup = chosen.name;
    return await restoreChosen(settings, chosen, { steps, draft, ports });
  } catch (error) {
    const failure = failureOf(ports.signal.aborted ? ports.signal.reason : error);
    if (!isList) return draft.report(steps, 'failed', failure);
    return { command: 'list', verdict: 'failed', ...failure, alarms: [], steps: steps.list, inventory: [] };
  }
}

async function list(settings: RestoreSettings, steps: Steps): Promise<ListReport> {
  const backups = await readSource(settings);
  const inventory = inventoryOf(backups);
  const broken = inventory.filter(({ trouble }) => trouble !== '').length;
  const rest = broken > 0 ? `, ${broken} of them not verified` : '';
  const sentence = `${settings.from} has ${inventory.length} backups${rest}`;
  return {
    ...{ command: 'list', verdict: 'listed', sentence, next: '', cause: '', alarms: [] },
    ...{ steps: steps.list, inventory },
  };
}

/** Under the target's lock, which backups and other restores take as well. */
async function restoreChosen(
  settings: RestoreSettings,
  chosen: ChosenBackup,
  { steps, draft, ports }: { readonly steps: Steps; readonly draft: Draft; readonly ports: Ports },
): Promise<RestoreReport> {
  let lock: DatabaseLock | undefined;
  try {
    lock = await steps.run(
      'lock',
      () => takeLock(settings.server, settings.lockWaitSeconds, ports),
      () => `no other run works on ${settings.server.database} of ${settings.server.host}`,
    );
    const { verdict, ...said } = await restore({ settings, chosen, lock, steps, draft, ports });
    return draft.report(steps, verdict, said);
  } finally {
    lock?.release();
    await chosen.file.close();
  }
}

/** The causes of a restore: what the shared ones call a failed dump is a failed load here. */
function failureOf(error: unknown): Failure {
  const failure = describeFailure(error);
  const isServers = failure.cause === 'dump-failed' || failure.cause === 'definition-changed';
  return isServers ? { ...failure, cause: 'load-failed' } : failure;
}

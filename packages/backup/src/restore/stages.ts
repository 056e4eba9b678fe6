import { connect, disconnect } from '../database.ts';
import { Fault } from '../faults.ts';
import { asAccount, createAccount, lockAccount } from './account.ts';
import { checkObjects } from './check.ts';
import type { Draft } from './draft.ts';
import { loadRows, openLoader } from './load.ts';
import { planLoad } from './load-plan.ts';
import { maskColumns } from './mask.ts';
import { definerName } from './names.ts';
import { makeObjects } from './objects.ts';
import type { Scene } from './restoring.ts';
import { swapTables } from './swap.ts';

/** Into the scratch database, which has to be empty. Throws a Fault `load-failed`. */
export async function loadTables({ settings, chosen, survey, loader, scratch, lock, steps }: Scene): Promise<void> {
  const server = asAccount(settings.server, loader, scratch);
  // What another program wrote is not known to stand in any order.
  const parts = planLoad(survey, chosen.manifest, survey.isKnown ? settings.jobs : 1);
  await steps.run(
    'load',
    () => loadRows(chosen.file, survey, parts, { server, signal: lock.signal }),
    () => `${survey.tables.size} tables by ${parts.length} sessions`,
  );
}

/** In the scratch database, before it has triggers. Throws a Fault `mask`. */
export async function maskTables({ settings, loader, scratch, lock, steps, draft }: Scene): Promise<void> {
  if (settings.mask.length === 0) return steps.leaveOut('mask', 'no column is to be masked');
  const { signal } = lock;
  const connection = await connect(asAccount(settings.server, loader, scratch), signal);
  try {
    draft.masked = await steps.run(
      'mask',
      () => maskColumns({ connection, database: scratch, signal }, settings.mask),
      (masked) => masked.join(', '),
    );
  } finally {
    disconnect(connection);
  }
}

/** Made and compared beside the target. An event could run there at once, so a restore makes events in the target only. */
export async function makeAndCheckObjects(scene: Scene): Promise<void> {
  const { settings, survey, loader, scratch, lock, steps } = scene;
  const without = settings.drill ? [] : ['event'];
  await steps.run(
    'objects',
    async () => {
      const session = await openLoader(asAccount(settings.server, loader, scratch), survey, lock.signal);
      try {
        await makeObjects(session, survey.objects, without);
      } finally {
        session.close();
      }
      await checkObjects(scene, scratch, settings.drill);
    },
    () => `views, routines, triggers${settings.drill ? ', events' : ''}`,
  );
}

/** For what must not be left half done, also after a cancel. */
const throughMs = 600_000;

/** The scratch database's tables become the target's, then come the views, routines, triggers and events. A cancel waits for the end of it. */
export async function takePlace(scene: Scene): Promise<void> {
  const { settings, steps, draft, ports } = scene;
  const target = settings.server.database;
  const mustEnd = ports.mustEnd ?? { now: false };
  mustEnd.now = true;
  draft.swap = 'begun';
  try {
    await steps.run(
      'swap',
      () => swap(scene, target, AbortSignal.timeout(throughMs)),
      () => `${target} is now what the backup holds`,
    );
    draft.swap = 'done';
  } catch (error) {
    if (error instanceof Fault && error.code === 'target-busy') draft.swap = 'not-begun';
    throw error;
  } finally {
    mustEnd.now = false;
  }
  stopAtMismatch(draft, `the tables of ${target} are restored`);
}

async function swap(scene: Scene, target: string, signal: AbortSignal): Promise<void> {
  const { settings, survey, scratch, characters, lock, draft } = scene;
  const admin = { ...scene.admin, signal };
  const tables = draft.tables.map(({ name }) => name);
  await swapTables(admin, { target, scratch, tables, characters }, lock.signal);
  if (survey.objects.every(({ what }) => what === 'session')) return;
  // Not before: what the target held was owned by the one of an earlier restore.
  const definer = await createAccount(admin, definerName(target), target);
  const session = await openLoader(asAccount(settings.server, definer, target), survey, signal);
  try {
    await makeObjects(session, survey.objects);
  } finally {
    session.close();
    await lockAccount(admin, definer);
  }
  await checkObjects({ ...scene, lock: { ...lock, signal } }, target, true);
}

/** Throws a Fault `mismatch` when anything is not as the manifest says. `rest`: of the sentence. */
export function stopAtMismatch({ mismatches }: Draft, rest: string): void {
  if (mismatches.length === 0) return;
  const more = mismatches.length > 1 ? ` and ${mismatches.length - 1} more` : '';
  throw new Fault('mismatch', `what was restored is not what the manifest says: ${mismatches[0]}${more}; ${rest}`, {
    hint: 'Restore another backup, and find out what changed this one.',
  });
}

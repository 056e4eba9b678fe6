import type { RestoreReport } from '@delivery/core/domain/backup/report';
import { connect, disconnect, select } from '../database.ts';
import { readServer } from '../facts.ts';
import type { Failure } from '../faults.ts';
import { Fault } from '../faults.ts';
import type { Admin } from './account.ts';
import { createAccount, dropAccount, endSession } from './account.ts';
import { checkTables } from './check.ts';
import { checkMaskedTables } from './mask.ts';
import { loaderName, scratchName } from './names.ts';
import type { Restoring, Scene } from './restoring.ts';
import { loadTables, makeAndCheckObjects, maskTables, stopAtMismatch, takePlace } from './stages.ts';
import { charactersOf, createDatabase, dropDatabase } from './swap.ts';
import type { Survey } from './survey.ts';
import { surveyDump } from './survey.ts';

export type End = Failure & Pick<RestoreReport, 'verdict'>;

/** So long the server may take to remove what is left. */
const cleanUpMs = 60_000;
/** After a cancel there are five seconds in all. */
const hurryMs = 4_000;

/** Everything up to the swap leaves the target as it is; what this makes beside it is removed, however it ends. */
export async function restore(restoring: Restoring): Promise<End> {
  const { settings, chosen, lock, steps, draft } = restoring;
  const { signal } = lock;
  const survey = await steps.run(
    'verify',
    () => surveyDump(chosen.file, chosen.manifest, signal),
    ({ tables, plainBytes }) => `${chosen.file.bytes} bytes, unpacked ${plainBytes}, whole; ${tables.size} tables`,
  );
  checkMaskedTables(settings.mask, new Set(survey.tables.keys()));
  const connection = await connect(settings.server, signal, null);
  const admin = { connection, signal };
  let session: number | undefined;
  try {
    const [row] = await select(connection, 'SELECT CONNECTION_ID() AS id', { signal });
    session = Number(row?.['id']);
    const server = await readServer(connection, signal);
    draft.server = `${server.product} ${server.version}`;
    await checkPackets(admin, survey);
    await clear(admin, settings.server.database);
    await restoreBeside(restoring, survey, admin);
  } finally {
    disconnect(connection);
    await cleanUp(restoring, session);
  }
  return endOf(restoring);
}

async function restoreBeside(restoring: Restoring, survey: Survey, admin: Admin): Promise<void> {
  const { settings, chosen, steps, draft } = restoring;
  const target = settings.server.database;
  const scratch = scratchName(target);
  const characters = await charactersOf(admin, chosen.manifest, target);
  await createDatabase(admin, scratch, characters);
  const loader = await createAccount(admin, loaderName(target), scratch);
  const scene: Scene = { ...restoring, survey, admin, scratch, loader, characters };
  await loadTables(scene);
  await steps.run(
    'compare',
    () => checkTables(scene),
    () => `${draft.tables.length} tables`,
  );
  stopAtMismatch(draft, 'the target has not been changed');
  await maskTables(scene);
  await makeAndCheckObjects(scene);
  stopAtMismatch(draft, 'the target has not been changed');
  if (!settings.drill) await takePlace(scene);
}

function endOf({ settings, chosen, draft }: Restoring): End {
  const { drill, server } = settings;
  const where = drill ? `a database beside ${server.database}` : server.database;
  const rows = draft.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const restored = `${chosen.name} was restored into ${where}: ${draft.tables.length} tables, ${rows} rows`;
  const isProven = draft.alarms.length === 0;
  return {
    verdict: isProven ? 'equal' : 'unproven',
    cause: '',
    sentence: isProven ? `${restored}, all equal` : `${restored}; not everything could be compared`,
    next: isProven ? '' : 'Look at the alarms; take a new backup with this suite if it is one of the old system.',
  };
}

/** A server that takes shorter statements than the dump has would stop in the middle. */
async function checkPackets({ connection, signal }: Admin, { longest }: Survey): Promise<void> {
  const [row] = await select(connection, 'SELECT @@GLOBAL.max_allowed_packet AS longest', { signal });
  const most = Number(row?.['longest']);
  if (longest < most) return;
  throw new Fault('load-failed', `the dump has a statement of ${longest} bytes, the server takes ${most} at most`, {
    hint: `Raise max_allowed_packet of this server to more than ${longest}, up to 1G.`,
  });
}

/** What an earlier run has left that was killed. */
async function clear(admin: Admin, target: string): Promise<void> {
  await dropDatabase(admin, scratchName(target));
  await dropAccount(admin, loaderName(target));
}

/** In a session of its own, as the others may be in the middle of a statement, and also after a cancel. What stays is an alarm. */
async function cleanUp({ settings, lock, draft, ports }: Restoring, session: number | undefined): Promise<void> {
  const target = settings.server.database;
  const left = (why: string) => {
    draft.alarms.push(`the database ${scratchName(target)} ${why}`);
    ports.say(`the database ${scratchName(target)} ${why}`);
  };
  if (draft.swap === 'begun') return left(`holds what was to become ${target}, which may be gone: restore once more`);
  const signal = AbortSignal.timeout(lock.signal.aborted ? hurryMs : cleanUpMs);
  try {
    const connection = await connect(settings.server, signal, null);
    try {
      if (session !== undefined) await endSession({ connection, signal }, session);
      await clear({ connection, signal }, target);
    } finally {
      disconnect(connection);
    }
  } catch {
    left('may be left; the next restore removes it');
  }
}

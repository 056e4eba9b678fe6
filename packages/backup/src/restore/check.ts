import { sideBySide } from '@delivery/core/action/side-by-side';
import { connect, disconnect } from '../database.ts';
import { readFacts, readTable } from '../facts.ts';
import { compareObjects, compareTables, kinds } from './compare.ts';
import type { Restoring, Scene } from './restoring.ts';

type Loaded = Pick<Scene, keyof Restoring | 'scratch' | 'survey'>;

/** Compares every table that was loaded with the manifest; without one, rows are counted. What it finds goes to the draft. */
export async function checkTables({ settings, chosen, lock, scratch, survey, draft }: Loaded): Promise<void> {
  const { signal } = lock;
  const facts = await reading(settings, scratch, signal, (connection) => readFacts(connection, scratch, signal));
  const bytes = (name: string) => survey.tables.get(name)?.bytes ?? 0;
  // The longest first, so that the sides end together.
  const names = facts.tables.map(({ name }) => name).sort((a, b) => bytes(b) - bytes(a));
  // A session for each of the sides, as one knows one statement at a time.
  const read = await sideBySide(names, settings.jobs, (name) =>
    reading(
      settings,
      scratch,
      signal,
      async (connection) => [name, await readTable(connection, scratch, name, signal)] as const,
    ),
  );
  const contents = new Map(read);
  const { manifest } = chosen;
  if (!manifest || manifest.origin === 'found') {
    draft.tables = facts.tables.map(({ name }) => {
      return { name, rows: contents.get(name)?.rows ?? null, verdict: 'not-compared' };
    });
    draft.alarms.push(`${chosen.name} is of the old system: it has no checksums to compare with`);
    return;
  }
  const { tables, mismatches, unproven } = compareTables(manifest, facts, contents);
  draft.tables = tables;
  draft.mismatches.push(...mismatches);
  draft.alarms.push(...unproven);
}

/** Compares views, routines, triggers and, `withEvents`, events. */
export async function checkObjects(
  { settings, chosen, lock, draft }: Restoring,
  database: string,
  withEvents: boolean,
): Promise<void> {
  const { manifest } = chosen;
  if (!manifest || manifest.origin === 'found') return;
  const facts = await reading(settings, database, lock.signal, (connection) =>
    readFacts(connection, database, lock.signal),
  );
  const which = withEvents ? kinds : kinds.filter((kind) => kind !== 'events');
  const { mismatches, unproven } = compareObjects(manifest, facts, which);
  draft.mismatches.push(...mismatches);
  draft.alarms.push(...unproven.filter((alarm) => !draft.alarms.includes(alarm)));
}

/** The database is the session's: definitions are then told without its name. */
async function reading<T>(
  { server }: Restoring['settings'],
  database: string,
  signal: AbortSignal,
  act: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>,
): Promise<T> {
  const connection = await connect(server, signal, database);
  try {
    return await act(connection);
  } finally {
    disconnect(connection);
  }
}

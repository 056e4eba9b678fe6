import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TableRecord } from '@delivery/core/domain/backup/manifest';
import { DatabaseError, select } from '../database.ts';
import type { ServerSettings } from '../database.ts';
import type { DatabaseLock } from '../database-lock.ts';
import type { Facts, TableContent, TableFacts } from '../facts.ts';
import { readTable } from '../facts.ts';
import { Fault } from '../faults.ts';
import type { Ports } from '../ports.ts';
import type { Program } from '../programs.ts';
import type { Contents, DatabaseState } from './database-state.ts';
import { readState } from './database-state.ts';
import { judgeDump } from './dump-judge.ts';
import type { WrittenDump } from './dump-pipe.ts';
import { startDump } from './dump-pipe.ts';
import type { Snapshot } from './snapshot.ts';
import { openSnapshot } from './snapshot.ts';

/** A dump that all programs say is whole, and what the database held at its moment. */
export interface Dump extends Pick<WrittenDump, 'bytes' | 'sha256'> {
  readonly snapshotAt: Date;
  readonly endedAt: Date;
  readonly blockedMs: number;
  readonly facts: Facts;
  readonly tables: readonly TableRecord[];
}

export interface DumpWork {
  readonly server: ServerSettings;
  readonly lock: DatabaseLock;
  readonly programs: readonly [Program, Program];
  /** Of the file that is written. */
  readonly path: string;
  readonly ports: Ports;
}

/**
 * Dumps once, and reads rows and checksums of every table in the same snapshot meanwhile. Throws a Fault or a DatabaseError,
 * `definition-changed` when anything was altered in between.
 */
export async function dumpOnce(work: DumpWork): Promise<Dump> {
  const { server, lock, ports } = work;
  const before = await readState(server, lock.signal);
  const snapshot = await openSnapshot({ server, lock, ports, start: (signal) => startAnew(work, signal) });
  try {
    const [written, contents] = await Promise.all([judged(snapshot), readSnapshot(work, snapshot, before.facts)]);
    const endedAt = ports.clock.now();
    const after = await readState(server, lock.signal);
    checkUnchanged(before, after);
    const tables = before.facts.tables.map((table) => recordOf(table, contents, before.unsafe, after.unsafe));
    const { at: snapshotAt, blockedMs } = snapshot;
    return {
      bytes: written.bytes,
      sha256: written.sha256,
      snapshotAt,
      endedAt,
      blockedMs,
      facts: before.facts,
      tables,
    };
  } catch (error) {
    lock.signal.throwIfAborted();
    throw await explain(error, lock);
  } finally {
    await snapshot.close();
  }
}

async function startAnew({ path, programs }: DumpWork, signal: AbortSignal): ReturnType<typeof startDump> {
  await rm(path, { force: true });
  return startDump(programs, path, signal);
}

async function judged({ dump }: Snapshot): Promise<WrittenDump> {
  const written = await dump.written;
  judgeDump(written.ends);
  return written;
}

/** A savepoint around each table, so that no lock on a definition is kept: an ALTER waits for one table at most. */
async function readSnapshot(
  { server }: DumpWork,
  { connection, signal }: Snapshot,
  { tables }: Facts,
): Promise<Contents> {
  const contents = new Map<string, TableContent>();
  for (const { name, transactional } of tables) {
    if (!transactional) continue;
    await select(connection, 'SAVEPOINT one_table', { signal });
    contents.set(name, await readTable(connection, server.database, name, signal));
    await select(connection, 'ROLLBACK TO SAVEPOINT one_table', { signal });
  }
  return contents;
}

/** No snapshot holds definitions: they have to be the same before and after, or the dump may be of neither. */
function checkUnchanged(before: DatabaseState, after: DatabaseState): void {
  const same = isDeepStrictEqual([before.facts, before.definitions], [after.facts, after.definitions]);
  if (same) return;
  const said = 'tables, views, routines, triggers or events were altered during the dump';
  throw new Fault('definition-changed', said, { hint: changedHint });
}

function recordOf(
  { name, engine, transactional, notes }: TableFacts,
  contents: Contents,
  before: Contents,
  after: Contents,
): TableRecord {
  const content = (transactional ? contents : before).get(name) ?? { rows: null, checksum: null, content: null };
  if (transactional || isDeepStrictEqual(content, after.get(name))) return { name, engine, ...content, notes };
  const others = notes.filter(({ note }) => note !== 'not-transactional');
  return { name, engine, ...content, notes: [{ note: 'changed-meanwhile' }, ...others] };
}

const changedHint = 'Start it again when no table is altered.';

/**
 * A table or column that is gone was there when the snapshot was taken (ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR); a dump that lost a
 * server which is still there has met a row that is too long for it.
 */
async function explain(error: unknown, { connection, signal }: DatabaseLock): Promise<unknown> {
  if (error instanceof DatabaseError && (error.errno === 1146 || error.errno === 1054)) {
    return new Fault('definition-changed', error.message, { hint: changedHint, cause: error });
  }
  if (!(error instanceof Fault) || error.code !== 'connect') return error;
  const isThere = await select(connection, 'DO 1', { signal }).then(
    () => true,
    () => false,
  );
  if (!isThere) return error;
  const hint =
    'The server is still there: a row is longer than a packet may be (1 GiB), or the network cut one connection.';
  return new Fault('dump-failed', error.message, { hint, cause: error });
}

import type { Connection } from 'mysql2/promise';
import { within } from '@delivery/core/action/within';
import type { ServerSettings } from '../database.ts';
import { connect, DatabaseError, disconnect, select } from '../database.ts';
import type { DatabaseLock } from '../database-lock.ts';
import { Fault } from '../faults.ts';
import type { Ports } from '../ports.ts';
import type { RunningDump } from './dump-pipe.ts';
import { hasSnapshot, missing } from './dump-session.ts';

/** A session whose transaction sees the same rows as the dump that runs beside it. */
export interface Snapshot {
  readonly connection: Connection;
  readonly at: Date;
  /** For so long nothing could be written on the server, in milliseconds. */
  readonly blockedMs: number;
  readonly dump: RunningDump;
  /** Aborted when the lock's is, or by `close`: what is read in the session takes it. */
  readonly signal: AbortSignal;
  /** Ends the session, and the dump when it still runs; waits for that. */
  close(): Promise<void>;
}

interface Work {
  readonly server: ServerSettings;
  readonly lock: DatabaseLock;
  /** Starts the dump anew; the file of the one before is its to remove. */
  readonly start: (signal: AbortSignal) => Promise<RunningDump>;
  readonly ports: Ports;
}

/** So long writers may wait for a backup. */
const blockLimitMs = 950;
/** INNODB_TRX is filled anew when nobody has read it for 100 ms. */
const lookMs = 110;
/** Between the attempts: a statement that runs for long has to end before the read lock is had. */
const pausesMs = [0, 1_000, 3_000, 10_000, 30_000, 60_000];

/**
 * Opens both transactions while FLUSH TABLES WITH READ LOCK keeps everybody from writing, for a second at most: then the lock is given
 * up and tried again after a pause. No statement of others is ended. Throws a Fault `locked` when it was never had.
 */
export async function openSnapshot(work: Work): Promise<Snapshot> {
  const { ports, lock } = work;
  for (const pause of pausesMs) {
    await ports.clock.sleep(pause, lock.signal);
    const snapshot = await tryOnce(work);
    if (snapshot) return snapshot;
    ports.say(`snapshot: not had within a second; ${await longest(lock)}`);
  }
  throw new Fault('locked', `writers could not be held for a snapshot: ${await longest(lock)}`, {
    hint: 'Start the backup when this statement has ended; statements are never killed for a backup.',
  });
}

/** Undefined when the time was over. */
async function tryOnce(work: Work): Promise<Snapshot | undefined> {
  const { server, lock, ports } = work;
  const attempt = new Attempt(lock.signal);
  let snapshot: Snapshot | undefined;
  try {
    const holder = await attempt.connect(server);
    const connection = await attempt.connect(server);
    // For the case that this process dies while it waits, or its node while it holds.
    await select(holder, 'SET SESSION lock_wait_timeout = 1, wait_timeout = 3', lock);
    const holderId = await idOf(holder, lock.signal);
    const after = await idOf(connection, lock.signal);
    snapshot = await within(
      blockLimitMs,
      { clock: ports.clock, signal: lock.signal },
      (signal) => openBoth(work, attempt, { holder, connection, after, signal }),
      undefined,
    );
    // Its statement would go on waiting on the server, and writers behind it.
    if (!snapshot) await select(lock.connection, `KILL ${holderId}`, lock);
    disconnect(holder);
    return snapshot;
  } finally {
    if (!snapshot) await attempt.close();
  }
}

/** What one attempt has opened. */
class Attempt {
  readonly #stopped = new AbortController();
  /** Aborted when the one that was given is, or by `close`. */
  readonly signal: AbortSignal;
  readonly #connections: Connection[] = [];
  #dump: RunningDump | undefined;

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#stopped.signal]);
  }

  async connect(server: ServerSettings): Promise<Connection> {
    const connection = await connect(server, this.signal);
    this.#connections.push(connection);
    return connection;
  }

  async start(start: Work['start']): Promise<RunningDump> {
    this.#dump = await start(this.signal);
    return this.#dump;
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('the snapshot is closed'));
    this.#connections.forEach(disconnect);
    await Promise.allSettled([this.#dump?.written]);
  }
}

interface Sessions {
  readonly holder: Connection;
  readonly connection: Connection;
  /** Sessions with a higher number were opened later. */
  readonly after: number;
  readonly signal: AbortSignal;
}

async function openBoth(
  work: Work,
  attempt: Attempt,
  { holder, connection, after, signal }: Sessions,
): Promise<Snapshot | undefined> {
  const { clock } = work.ports;
  const start = clock.now().getTime();
  if (!(await holdWriters(holder, signal))) return undefined;
  await select(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ', { signal });
  await select(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT', { signal });
  const at = clock.now();
  const dump = await attempt.start(work.start);
  const ended = { yet: false };
  const end = () => void (ended.yet = true);
  dump.written.then(end, end);
  do await clock.sleep(lookMs, signal);
  while (
    // One that has ended has failed, or was quick: its exit code tells.
    !ended.yet &&
    !(await hasSnapshot(work.lock.connection, { pid: dump.pid, after, signal }))
  );
  await select(holder, 'UNLOCK TABLES', { signal });
  const blockedMs = clock.now().getTime() - start;
  return { connection, at, dump, blockedMs, signal: attempt.signal, close: () => attempt.close() };
}

/** False when the server did not give the read lock in time. */
async function holdWriters(holder: Connection, signal: AbortSignal): Promise<boolean> {
  try {
    await select(holder, 'FLUSH TABLES WITH READ LOCK', { signal });
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.errno === lockWaitTimeout) return false;
    throw error.code === 'access-denied' ? missing('RELOAD', error) : error;
  }
}

const lockWaitTimeout = 1205;

async function idOf(connection: Connection, signal: AbortSignal): Promise<number> {
  const [row] = await select(connection, 'SELECT CONNECTION_ID() AS id', { signal });
  return Number(row?.['id']);
}

/** Who may be waited for: the statement that runs longest. Its text may hold data, and is not shown. */
async function longest({ connection, signal }: DatabaseLock): Promise<string> {
  const [row] = await select(
    connection,
    `SELECT ID AS id, USER AS user, TIME AS seconds, COMMAND AS command FROM information_schema.PROCESSLIST
      WHERE COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID() AND INFO IS NOT NULL ORDER BY TIME DESC LIMIT 1`,
    { signal },
  );
  if (!row) return 'no other statement runs now';
  return `a statement of ${row['user']} (session ${row['id']}) has been running for ${row['seconds']} s`;
}

import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { within } from '@delivery/core/action/within';
import { connect, DatabaseError, disconnect, select } from './database.ts';
import type { ServerSettings } from './database.ts';
import { Fault } from './faults.ts';
import type { Ports } from './ports.ts';

/** The one lock of a database on its server: while it is held, no other run of this program works on the same database. */
export interface DatabaseLock {
  /** The session that holds it; it may be used for short questions. */
  readonly connection: Connection;
  /** Aborted when the lock or the run's own signal is: what is done under the lock takes this signal. */
  readonly signal: AbortSignal;
  release(): void;
}

/** A session that says nothing for so long is dead, and the server gives its lock to the next. */
const deadAfterSeconds = 60;
const pingMs = 15_000;
/** A question that is not answered in this time is not answered at all; the server gives the lock away soon after. */
const answerMs = 20_000;

/** MySQL refuses longer names from 5.7 on. */
const maxNameLength = 64;

/**
 * Takes the lock of `settings.database`, waiting `waitSeconds` for who holds it. Throws a Fault `locked` when it is not had by then,
 * a DatabaseError when the server is not reached.
 */
export async function takeLock(settings: ServerSettings, waitSeconds: number, ports: Ports): Promise<DatabaseLock> {
  const connection = await connect(settings, ports.signal, null);
  const name = lockName(settings.database);
  try {
    const seconds = Math.max(deadAfterSeconds, waitSeconds + 10);
    await select(connection, `SET SESSION wait_timeout = ${seconds}`, { signal: ports.signal });
    const [row] = await select(connection, 'SELECT GET_LOCK(?, ?) AS had', { values: [name, waitSeconds], ...ports });
    if (row?.['had'] !== '1') throw await held(connection, name, waitSeconds, ports.signal);
    await select(connection, `SET SESSION wait_timeout = ${deadAfterSeconds}`, { signal: ports.signal });
  } catch (error) {
    disconnect(connection);
    throw error;
  }
  return keepAlive(connection, ports);
}

export function lockName(database: string): string {
  const name = `delivery-backup:${database}`;
  return name.length <= maxNameLength ? name : `delivery-backup:${createHash('md5').update(database).digest('hex')}`;
}

function keepAlive(connection: Connection, { clock, signal }: Ports): DatabaseLock {
  const lost = new AbortController();
  const released = new AbortController();
  const ended = AbortSignal.any([signal, released.signal]);
  const ping = async () => {
    for (;;) {
      await clock.sleep(pingMs, ended);
      const answer = async (own: AbortSignal) => (await select(connection, 'DO 1', { signal: own }), true);
      const answered = await within(answerMs, { clock, signal: ended }, answer, false);
      if (!answered) throw new DatabaseError('connect', 'the session that holds the lock does not answer any more');
    }
  };
  ping().catch((error: unknown) => {
    if (!ended.aborted) lost.abort(error);
  });
  const release = () => {
    released.abort(new Error('the lock is released'));
    // The server drops the lock with its session.
    disconnect(connection);
  };
  return { connection, signal: AbortSignal.any([signal, lost.signal]), release };
}

async function held(connection: Connection, name: string, waitSeconds: number, signal: AbortSignal): Promise<Fault> {
  const [row] = await select(connection, 'SELECT IS_USED_LOCK(?) AS holder', { values: [name], signal });
  const holder = row?.['holder'];
  const by = holder ? ` (session ${holder} of the server holds the lock ${name})` : '';
  return new Fault(
    'locked',
    `another backup or restore of this database runs${by}; it was waited for ${waitSeconds} s`,
    {
      hint: 'Wait for the other run to end and start again, or raise BACKUP_LOCK_WAIT.',
    },
  );
}

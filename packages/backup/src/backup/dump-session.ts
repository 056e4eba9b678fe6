import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { DatabaseError, select } from '../database.ts';

/** A session that has an open transaction. */
interface Candidate {
  readonly id: number;
  /** The client's port as the server sees it; undefined when it does not say. */
  readonly port: number | undefined;
}

/**
 * Whether the process `pid` has begun its transaction: a session of our own account, newer than `after`, whose port is a socket of the
 * process. Behind a proxy that gives ports anew, the only such session counts. Needs the privilege PROCESS.
 */
export async function hasSnapshot(
  connection: Connection,
  { pid, after, signal }: { readonly pid: number; readonly after: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const rows = await select(
    connection,
    `SELECT p.ID AS id, p.HOST AS host, t.trx_id AS trx FROM information_schema.PROCESSLIST p
      LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
      WHERE p.ID > ? AND p.USER = SUBSTRING_INDEX(USER(), '@', 1)`,
    { values: [after], signal },
  );
  const open = rows.filter(({ trx }) => trx !== null).map(toCandidate);
  if (open.length === 0) return false;
  const ports = await localPorts(pid);
  if (open.some(({ port }) => port !== undefined && ports.has(port))) return true;
  // One of the others could be the process, seen by another port.
  return rows.length === 1 && !rows.map(toCandidate).some(({ port }) => port !== undefined && ports.has(port));
}

/** Throws `access-denied` when the account may not see transactions. */
export async function checkMayLook(connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    await select(connection, 'SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX', { signal });
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'access-denied') throw missing('PROCESS', error);
    throw error;
  }
}

/** The same for a privilege that one statement needs. */
export function missing(privilege: string, cause: DatabaseError): DatabaseError {
  return new DatabaseError('access-denied', `the account lacks the privilege ${privilege}: ${cause.message}`, {
    hint: `Grant it, for a snapshot that the dump and its checksums share: GRANT RELOAD, PROCESS ON *.* TO … .`,
    cause,
  });
}

function toCandidate({ id, host }: Readonly<Record<string, string | null>>): Candidate {
  const [, port] = /:(\d+)$/.exec(host ?? '') ?? [];
  return { id: Number(id), port: port === undefined ? undefined : Number(port) };
}

/** Of the TCP sockets of a process: proc(5), /proc/[pid]/fd and /proc/net/tcp. Empty when it has ended. */
async function localPorts(pid: number): Promise<ReadonlySet<number>> {
  const ports = new Set<number>();
  try {
    const inodes = new Set<string>();
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
      if (inode !== undefined) inodes.add(inode);
    }
    for (const family of ['tcp', 'tcp6']) {
      const table = await readFile(`/proc/${pid}/net/${family}`, 'latin1').catch(() => '');
      for (const line of table.split('\n').slice(1)) {
        const [, local, , , , , , , , inode] = line.trim().split(/\s+/);
        if (inode !== undefined && inodes.has(inode)) ports.add(parseInt(local?.split(':')[1] ?? '', 16));
      }
    }
  } catch {
    // It has ended; its exit code tells.
  }
  return ports;
}

import type { Connection } from 'mysql2/promise';
import { select } from '../database.ts';
import { Fault } from '../faults.ts';
import type { Ports } from '../ports.ts';
import type { StoredBackup } from './volume.ts';

/** By so much two clocks may differ. */
const toleranceMs = 120_000;

/** Tiers are made of times, so a wrong clock removes the wrong backups. Throws a Fault `clock`. Gives the difference in milliseconds. */
export async function checkClock(connection: Connection, { clock, signal }: Ports): Promise<number> {
  const before = clock.now().getTime();
  const [row] = await select(connection, 'SELECT UTC_TIMESTAMP() AS now', { signal });
  const ours = (before + clock.now().getTime()) / 2;
  const theirs = Date.parse(`${row?.['now']?.replace(' ', 'T')}Z`);
  const ahead = ours - theirs;
  if (Math.abs(ahead) <= toleranceMs) return ahead;
  const direction = ahead > 0 ? 'ahead of' : 'behind';
  throw new Fault('clock', `the clock here is ${seconds(ahead)} s ${direction} the database server's`, {
    hint: 'Set the clocks of both machines right (NTP); no backup was made and none removed.',
  });
}

/** The same against the newest backup: one of the future would make every new one look old. */
export function checkNewest(newest: StoredBackup | undefined, now: Date): void {
  const ahead = (newest?.at.getTime() ?? 0) - now.getTime();
  if (newest === undefined || ahead <= toleranceMs) return;
  throw new Fault('clock', `the backup ${newest.name} is dated ${seconds(ahead)} s in the future`, {
    hint: 'Set the clock of this machine right; if the file was made by a wrong clock, move it away from the volume.',
  });
}

function seconds(ms: number): number {
  return Math.round(Math.abs(ms) / 1000);
}

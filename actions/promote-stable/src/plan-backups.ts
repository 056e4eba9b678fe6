import type { Project } from '@delivery/core/domain/topology';
import type { Inputs } from './inputs.ts';
import type { Direction, Refusal } from './plan.ts';

export interface BackupPlan {
  readonly do: 'back-up';
  /** Backed up before anything is written; none: no backup is made. */
  readonly projects: readonly Project[];
  /** Reached as well, though delivery.yaml has no database.backup for them. */
  readonly without: readonly Project[];
}

/** Which databases are backed up first, of the projects that a promotion reaches. */
export function planBackups(
  choice: Inputs['backup-first'],
  direction: Direction,
  reached: readonly Project[],
): BackupPlan | Refusal {
  const having = reached.filter(({ database }) => database?.backup);
  const isWanted = choice === 'true' || (choice === 'auto' && direction === 'rollback' && having.length > 0);
  const without = reached.filter((one) => !having.includes(one));
  // A rollback without any backup is not refused, but nobody is to take it for one with.
  if (!isWanted)
    return { do: 'back-up', projects: [], without: choice === 'auto' && direction === 'rollback' ? without : [] };
  if (having.length > 0) return { do: 'back-up', projects: having, without };
  const names = reached.map(({ name }) => name).join(', ');
  const where = names === '' ? 'no project follows it' : `delivery.yaml has no database.backup for ${names}`;
  const next = 'Name its backup there (docs/backups.md), or set backup-first: false. Nothing was changed.';
  return { do: 'refuse', reason: `backup-first is true, but there is nothing to back up: ${where}.`, next };
}

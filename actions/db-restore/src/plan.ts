import { quoted } from '@delivery/core/domain/delivery/found';
import type { Mask } from '@delivery/core/domain/topology';
import type { Aim } from './aim.ts';
import type { BackupWanted, Inputs } from './inputs.ts';

export interface Refusal {
  readonly do: 'refuse';
  readonly reason: string;
  readonly next: string;
}

export interface RestorePlan {
  readonly do: 'restore';
  readonly backup: Exclude<BackupWanted, { kind: 'list' }>;
  readonly drill: boolean;
  /** What is in the target now is saved before anything replaces it. */
  readonly backUpFirst: boolean;
  /** Without tables: nothing is masked. */
  readonly mask: Mask;
  readonly warnings: readonly string[];
}

export type Plan = Refusal | RestorePlan | { readonly do: 'list' };

const nothing = 'Nothing was changed.';

/** What is to be done, or why it is not, from the topology and the inputs alone. */
export function planRestore({ backup, drill, confirm }: Pick<Inputs, 'backup' | 'drill' | 'confirm'>, aim: Aim): Plan {
  if (backup.kind === 'list') return { do: 'list' };
  const { from, target } = aim;
  if (target.production) {
    const refusal = drill ? noDrillThere(aim) : whyNotProduction({ backup, confirm }, aim);
    if (refusal) return refusal;
  }
  const mask = target.production ? {} : (from.database?.mask ?? {});
  const isBare = from.production && !target.production && !drill && Object.keys(mask).length === 0;
  const bare = `Nothing is masked: delivery.yaml names no columns of ${from.name} in database.mask.`;
  return { do: 'restore', backup, drill, backUpFirst: target.production, mask, warnings: isBare ? [bare] : [] };
}

function noDrillThere({ target }: Aim): Refusal {
  const reason = `A drill is not made in ${target.name}: it is production, and the throw-away database would take its server's disk and memory.`;
  return { do: 'refuse', reason, next: `Name a project with database.restore that is not production. ${nothing}` };
}

/** Production is replaced only by what was named, by somebody who has said so, and with what is there now in a backup. */
function whyNotProduction(
  { backup, confirm }: { readonly backup: RestorePlan['backup']; readonly confirm: string },
  { from, target }: Aim,
): Refusal | undefined {
  const { name, database } = target;
  const isNamed = backup.kind === 'named';
  const problems = [
    ...(confirm === name ? [] : [confirm === '' ? 'confirm is empty' : `confirm is ${quoted(confirm)}`]),
    ...(isNamed ? [] : ['backup is latest, which may be one of what is to be undone']),
    ...(database?.backup ? [] : ['it has no database.backup in delivery.yaml, so what is there now cannot be saved']),
  ];
  if (problems.length === 0) return undefined;
  const what = isNamed ? backup.file : 'a backup';
  const would = `It would be backed up, and then ${what} of ${from.name} would replace its database: what was entered since is lost.`;
  const how = `To do that give confirm: ${name}${isNamed ? '' : ' and the name of the backup; backup: list shows those that are there'}.`;
  const reason = `${name} is production and is not restored: ${problems.join('; ')}.`;
  return { do: 'refuse', reason, next: `${would} ${how} ${nothing}` };
}

/** Variables of the program: docs/backups.md. All are given, so that none of the CronJob's own has a say. */
export function variablesOf({ from }: Aim, plan: Exclude<Plan, Refusal>): Readonly<Record<string, string>> {
  const source = { RESTORE_FROM: from.name };
  if (plan.do === 'list') return { ...source, RESTORE_BACKUP: 'list', RESTORE_DRILL: 'false', RESTORE_MASK: '' };
  const { backup, drill, mask } = plan;
  return {
    ...source,
    RESTORE_BACKUP: backup.kind === 'named' ? backup.file : backup.kind,
    RESTORE_DRILL: String(drill),
    RESTORE_MASK: Object.keys(mask).length === 0 ? '' : JSON.stringify(mask),
  };
}

import { backUp } from '@delivery/core/action/backup/back-up';
import type { ActionContext } from '@delivery/core/action/context';
import type { SummaryBlock } from '@delivery/core/action/outcome';
import { buildName } from '@delivery/core/domain/build';
import { backupsBefore } from '@delivery/core/domain/ledger';
import type { Project } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { ProjectEnd } from './deliver.ts';
import type { Change } from './difference.ts';
import { databaseStays } from './plan.ts';
import type { BackupPlan } from './plan-backups.ts';

/** How the backup of a project ended. */
export interface Saved extends ProjectEnd {
  /** The verified file; empty when there is none. */
  readonly file: string;
}

/** Makes a verified backup of each project, side by side. One that is under way is waited for. */
export async function backUpFirst(
  projects: readonly Project[],
  jobs: Clusters['jobs'],
  context: ActionContext,
): Promise<readonly Saved[]> {
  if (projects.length === 0) return [];
  const choices = { 'on-running': 'wait', 'dry-run': false, 'max-age': undefined, timeout: undefined } as const;
  const ends = await context.log.group('Back up first', () =>
    backUp(projects, { ...choices, tier: 'manual', wait: 'completion' }, { jobs }, context),
  );
  return ends.map(({ project, verdict, cause, sentence, next, file, blocks }) => {
    // Whatever else it says: without a file there is no backup.
    const isVerified = file !== '' && (verdict === 'success' || verdict === 'unstable');
    const shown = {
      result: isVerified ? verdict : 'failure',
      verdict: isVerified ? 'verified' : 'not-verified',
    } as const;
    return {
      ...{ project: project.name, kind: 'backup', ...shown, cause, before: '', file },
      ...{ reason: `${sentence}.`, next: next === '' ? undefined : next, summary: blocks },
    };
  });
}

/** What is backed up before, and what is not; nothing when no backup is to be made. */
export function announced({ projects, without }: BackupPlan): readonly SummaryBlock[] {
  const left = namesOf(without);
  const not = left === '' ? '' : ` Not ${left}: delivery.yaml has no database.backup there.`;
  if (projects.length === 0) return left === '' ? [] : [{ kind: 'text', text: `Nothing is backed up before.${not}` }];
  return [{ kind: 'text', text: `Backed up before anything is written: ${namesOf(projects)}.${not}` }];
}

export function namesOf(projects: readonly Project[]): string {
  return projects.map(({ name }) => name).join(', ');
}

/** Of a rollback: the backups that were made before what is stable now came. */
export function earlierBackups({ stable, direction }: Pick<Change, 'stable' | 'direction'>): readonly string[] {
  if (!stable || direction !== 'rollback') return [];
  return [...backupsBefore(stable.records)].map(
    ([project, file]) =>
      `Before ${buildName(stable)} became stable, ${project} was backed up as ${file}: only a restore of that brings its database back, without what was entered since.`,
  );
}

/** How to have the database back as it was. */
export function waysBack(saved: readonly Saved[]): readonly SummaryBlock[] {
  const made = saved.filter(({ file }) => file !== '');
  return made.map(({ project, file }) => {
    const how = `db-restore with backup: ${file}, from: ${project}, project: ${project}`;
    return { kind: 'text', text: `${project} was backed up as ${file}. ${databaseStays} To bring it back: ${how}.` };
  });
}

import type { Need } from '@delivery/core/domain/rights';
import { launchRights, rolloutRights } from '@delivery/core/domain/rights';
import type { Targets } from './aim.ts';
import type { Inputs } from './inputs.ts';
import type { BackupPlan } from './plan-backups.ts';

/** What follows is rolled out or launched; before it, what has a database is backed up. */
export function needsOf(
  { aims, places }: Targets,
  { projects }: Pick<BackupPlan, 'projects'>,
  inputs: Pick<Inputs, 'on-running'>,
): readonly Need[] {
  const ways = { wait: 'completion', 'on-running': inputs['on-running'] } as const;
  const backups = projects.map((project) => ({ project, job: project.database?.backup }));
  return [
    ...aims.map(({ project, workloads }) => ({ ...project, rights: rolloutRights(workloads, { 'dry-run': false }) })),
    ...[...places, ...backups].map(({ project, job }) => ({
      ...project,
      rights: launchRights(job ? [job.cronJob] : [], ways),
    })),
  ];
}

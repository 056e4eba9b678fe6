import { backUp } from '@delivery/core/action/backup/back-up';
import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { backupsOf, chooseProjects } from '@delivery/core/domain/delivery/pick';
import type { Project, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';
import { needsOf } from './rights.ts';
import { tell } from './tell.ts';

/** Backs up every project that is meant, and says what there is now. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const projects = findProjects(inputs, ports.topology);
  connectAll(projects, ports.jobs);
  await preflight('db-backup', needsOf(projects, inputs), ports.permissions, context);
  const ends = await backUp(projects, inputs, ports, context);
  return tell(ends, inputs);
}

/** Throws one InputError for all names that delivery.yaml does not know, or that have no backup. */
function findProjects({ projects }: Pick<Inputs, 'projects'>, topology: Topology): readonly Project[] {
  const all = backupsOf(topology);
  if (all.length === 0) {
    const message = 'no project of delivery.yaml has database.backup';
    throw new InputError([{ field: 'projects', message }]);
  }
  return chooseProjects(topology, projects, all, 'has no database.backup').map(({ project }) => project);
}

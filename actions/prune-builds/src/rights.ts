import type { Need } from '@delivery/core/domain/rights';
import { cronJobs, jobs, lookRights, rightsTo } from '@delivery/core/domain/rights';
import type { Project, Topology } from '@delivery/core/domain/topology';

/** What tells what is in use in each project. */
export function needsOf({ projects }: Topology): readonly Need[] {
  return Object.values(projects).map((project) => ({ ...project, rights: rightsIn(project) }));
}

function rightsIn({ workloads, jobs: launched, data }: Project) {
  const hasTemplates = data !== undefined || Object.keys(launched).length > 0;
  return [
    ...lookRights(Object.values(workloads).flat()),
    ...rightsTo(jobs, 'list'),
    ...(hasTemplates ? rightsTo(cronJobs, 'get') : []),
  ];
}

import type { Need } from '@delivery/core/domain/rights';
import { cronJobs, jobs, lookRights, rightsTo, rightsToNamed } from '@delivery/core/domain/rights';
import type { Project, Topology } from '@delivery/core/domain/topology';

/** What tells what is in use in each project. */
export function needsOf({ projects }: Topology): readonly Need[] {
  return Object.values(projects).map((project) => ({ ...project, rights: rightsIn(project) }));
}

function rightsIn({ workloads, jobs: launched, data }: Project) {
  const templates = [...Object.values(launched), ...(data ? [data] : [])].map(({ cronJob }) => cronJob);
  return [
    ...lookRights(Object.values(workloads).flat()),
    ...rightsTo(jobs, 'list'),
    ...(templates.length > 0 ? rightsToNamed(cronJobs, templates, 'get') : []),
  ];
}

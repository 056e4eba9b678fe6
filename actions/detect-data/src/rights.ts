import type { Need } from '@delivery/core/domain/rights';
import { cronJobs, events, jobs, podLogs, pods, rightsTo, rightsToNamed } from '@delivery/core/domain/rights';
import type { Project } from '@delivery/core/domain/topology';

/** A Job that looks: made, watched by its pods, its log read; removed each time. */
export function needsOf(project: Project): readonly Need[] {
  const rights = [
    ...rightsToNamed(cronJobs, project.data ? [project.data.cronJob] : [], 'get'),
    ...rightsTo(jobs, 'list', 'create', 'delete'),
    ...rightsTo(pods, 'get', 'list', 'watch'),
    ...rightsTo(podLogs, 'get'),
    ...rightsTo(events, 'list'),
  ];
  return [{ ...project, rights }];
}

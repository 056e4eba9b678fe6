import type { LaunchWays, Need } from '@delivery/core/domain/rights';
import { launchRights } from '@delivery/core/domain/rights';
import type { Project } from '@delivery/core/domain/topology';

export function needsOf(projects: readonly Project[], ways: LaunchWays): readonly Need[] {
  return projects.map((project) => {
    const template = project.database?.backup?.cronJob;
    return { ...project, rights: launchRights(template === undefined ? [] : [template], ways) };
  });
}

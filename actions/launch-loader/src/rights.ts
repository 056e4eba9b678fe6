import type { Place } from '@delivery/core/action/launch/choices';
import type { LaunchWays, Need } from '@delivery/core/domain/rights';
import { launchRights } from '@delivery/core/domain/rights';

export function needsOf(places: readonly Pick<Place, 'project' | 'job'>[], ways: LaunchWays): readonly Need[] {
  return places.map(({ project, job }) => ({ ...project, rights: launchRights([job.cronJob], ways) }));
}

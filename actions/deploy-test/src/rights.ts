import type { Aim } from '@delivery/core/action/rollout/aim';
import type { Need, RolloutWays } from '@delivery/core/domain/rights';
import { rolloutRights } from '@delivery/core/domain/rights';

export function needsOf(
  { project, workloads }: Pick<Aim, 'project' | 'workloads'>,
  ways: RolloutWays,
): readonly Need[] {
  return [{ ...project, rights: rolloutRights(workloads, ways) }];
}

import type { Need } from '@delivery/core/domain/rights';
import { lookRights } from '@delivery/core/domain/rights';
import { workloadsOf } from '@delivery/core/domain/delivery/pick';
import type { Topology } from '@delivery/core/domain/topology';

/** For its Role and for docs/rights.md. It is not asked for beforehand: a project that cannot be read is said in the table. */
export function needsOf(topology: Topology, image: string): readonly Need[] {
  return workloadsOf(topology, image).map(({ project, workloads }) => ({ ...project, rights: lookRights(workloads) }));
}

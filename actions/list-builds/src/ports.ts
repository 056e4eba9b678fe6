import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { Registry } from '@delivery/core/ports/registry';

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  /** Undefined where nothing says how to reach one: clusters are not asked then. */
  readonly cluster: Clusters['cluster'] | undefined;
}

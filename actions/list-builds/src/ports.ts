import type { Topology } from '@delivery/core/domain/topology';
import type { Cluster } from '@delivery/core/ports/cluster';
import type { Registry } from '@delivery/core/ports/registry';

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  /** Connects to a context of the kubeconfig (undefined: the current one). Undefined where nothing says how: clusters are not asked then. */
  readonly cluster: ((context: string | undefined) => Cluster) | undefined;
}

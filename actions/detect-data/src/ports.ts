import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { DataRoot } from '@delivery/core/ports/data-root';
import type { Registry } from '@delivery/core/ports/registry';

export interface Ports extends Pick<Clusters, 'jobs' | 'permissions'> {
  readonly topology: Topology;
  readonly registry: Registry;
  /** Undefined: input root is not given. */
  readonly root: DataRoot | undefined;
}

import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';

export interface Ports extends Pick<Clusters, 'jobs' | 'permissions'> {
  readonly topology: Topology;
}

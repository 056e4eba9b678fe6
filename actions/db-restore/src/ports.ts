import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { Web } from '@delivery/core/ports/web';

export interface Ports extends Pick<Clusters, 'jobs' | 'permissions'> {
  readonly topology: Topology;
  readonly web: Web;
}

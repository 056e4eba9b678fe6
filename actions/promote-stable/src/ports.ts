import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { GitHub } from '@delivery/core/ports/github';
import type { Registry } from '@delivery/core/ports/registry';
import type { Web } from '@delivery/core/ports/web';

export interface Ports extends Clusters {
  readonly topology: Topology;
  readonly registry: Registry;
  readonly web: Web;
  /** Undefined without a token: no deployment is recorded and no commits are named then. */
  readonly gitHub: GitHub | undefined;
}

import type { Topology } from '@delivery/core/domain/topology';
import type { Cluster } from '@delivery/core/ports/cluster';
import type { GitHub } from '@delivery/core/ports/github';
import type { Permissions } from '@delivery/core/ports/permissions';
import type { Registry } from '@delivery/core/ports/registry';
import type { Web } from '@delivery/core/ports/web';

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  /** Connects to a context of the kubeconfig; undefined: the current one. */
  readonly cluster: (context: string | undefined) => Cluster;
  /** What the account may do in that cluster. */
  readonly permissions: (context: string | undefined) => Permissions;
  readonly web: Web;
  /** Undefined without a token: no deployment is recorded then. */
  readonly gitHub: GitHub | undefined;
}

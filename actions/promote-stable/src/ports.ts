import type { Topology } from '@delivery/core/domain/topology';
import type { Cluster } from '@delivery/core/ports/cluster';
import type { GitHub } from '@delivery/core/ports/github';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Permissions } from '@delivery/core/ports/permissions';
import type { Registry } from '@delivery/core/ports/registry';
import type { Web } from '@delivery/core/ports/web';

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  /** These two connect to a context of the kubeconfig; undefined: the current one. */
  readonly cluster: (context: string | undefined) => Cluster;
  readonly jobs: (context: string | undefined) => Jobs;
  /** What the account may do in that cluster. */
  readonly permissions: (context: string | undefined) => Permissions;
  readonly web: Web;
  /** Undefined without a token: no deployment is recorded and no commits are named then. */
  readonly gitHub: GitHub | undefined;
}

/** The same with the clusters of the projects that are meant, by their context. */
export interface Connected extends Pick<Ports, 'registry' | 'web' | 'gitHub'> {
  readonly clusters: ReadonlyMap<string | undefined, Cluster>;
  readonly jobs: ReadonlyMap<string | undefined, Jobs>;
}

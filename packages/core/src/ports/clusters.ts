import type { Cluster } from './cluster.ts';
import type { Jobs } from './jobs.ts';
import type { Permissions } from './permissions.ts';

/** All that an action sees of one cluster. */
export interface ClusterPorts {
  readonly cluster: Cluster;
  readonly jobs: Jobs;
  /** What the account may do there. */
  readonly permissions: Permissions;
}

/**
 * The way to the cluster of a project, by what the project says: a context of the kubeconfig (undefined: the current one), or with
 * cluster-auth: oidc a cluster of delivery.yaml (undefined: the only one). Throws InputError, and asks no cluster yet.
 * The same name gives the same ports again.
 */
export type Clusters = { readonly [Port in keyof ClusterPorts]: (name: string | undefined) => ClusterPorts[Port] };

import type { clusterInputs } from '../../action/common-inputs.ts';
import type { ActionContext } from '../../action/context.ts';
import type { InputsOf } from '../../action/inputs.ts';
import { pickCluster } from '../../domain/delivery/pick.ts';
import type { Topology } from '../../domain/topology.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Permissions } from '../../ports/permissions.ts';
import { workspaceOf } from '../delivery-file.ts';
import type { ApiClient } from './api-client.ts';
import { KubernetesCluster } from './cluster.ts';
import { connect } from './connect.ts';
import { KubernetesJobs } from './jobs.ts';
import { wrong } from './kubeconfig.ts';
import { readAuthority } from './oidc-authority.ts';
import type { OidcAccess } from './oidc-client.ts';
import { mintFor, requireIdTokenPermission } from './oidc-mint.ts';
import { OidcTokens } from './oidc-tokens.ts';
import { KubernetesPermissions } from './permissions.ts';

type Given = InputsOf<typeof clusterInputs>;
type Helpers = Pick<ActionContext, 'clock' | 'mask'>;

/** What an action sees of the cluster of a project, by what the project says: see clustersOfInputs. */
export interface Clusters {
  readonly cluster: (name: string | undefined) => Cluster;
  readonly jobs: (name: string | undefined) => Jobs;
  readonly permissions: (name: string | undefined) => Permissions;
}

/**
 * How an action reaches the cluster of a project: a context of its kubeconfig (undefined: the current one), or with cluster-auth: oidc
 * a cluster of delivery.yaml (undefined: the only one). All that it does there goes by one client. Throws InputError.
 */
export function clustersOfInputs(given: Given, topology: Topology, helpers: Helpers): Clusters {
  const open = openerOf(given, topology, helpers);
  const clients = new Map<string | undefined, ApiClient>();
  const clientOf = (name: string | undefined): ApiClient => {
    const client = clients.get(name) ?? open(name);
    clients.set(name, client);
    return client;
  };
  const { clock } = helpers;
  return {
    cluster: (name) => new KubernetesCluster(clientOf(name), clock),
    jobs: (name) => new KubernetesJobs(clientOf(name), clock),
    permissions: (name) => new KubernetesPermissions(clientOf(name), clock),
  };
}

function openerOf(given: Given, topology: Topology, { clock, mask }: Helpers): (name: string | undefined) => ApiClient {
  const { kubeconfig } = given;
  const env = process.env;
  if (given['cluster-auth'] === 'kubeconfig') return (context) => connect({ kubeconfig, context, env, clock, mask });
  if (kubeconfig.trim() !== '')
    throw wrong('kubeconfig', 'is given together with cluster-auth: oidc: leave one of them out');
  requireIdTokenPermission(env);
  return (name) => connect({ oidc: accessOf(topology, name, { clock, mask }), env, clock, mask });
}

function accessOf(topology: Topology, name: string | undefined, { clock, mask }: Helpers): OidcAccess {
  const cluster = pickCluster(topology, name);
  return {
    cluster,
    authority: readAuthority(cluster, workspaceOf(process.env)),
    tokens: new OidcTokens(mintFor(cluster.audience, clock), { clock, mask }),
  };
}

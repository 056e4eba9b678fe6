import type { clusterInputs } from '../../action/common-inputs.ts';
import type { ActionContext } from '../../action/context.ts';
import type { InputsOf } from '../../action/inputs.ts';
import { pickCluster } from '../../domain/delivery/pick.ts';
import type { Topology } from '../../domain/topology.ts';
import type { ClusterPorts, Clusters } from '../../ports/clusters.ts';
import { workspaceOf } from '../delivery-file.ts';
import type { ClusterOptions } from './connect.ts';
import { connectCluster, hasPlace } from './connect.ts';
import { wrong } from './kubeconfig.ts';
import { readAuthority } from './oidc-authority.ts';
import type { OidcAccess } from './oidc-client.ts';
import { mintFor, requireIdTokenPermission } from './oidc-mint.ts';
import { OidcTokens } from './oidc-tokens.ts';

type Given = InputsOf<typeof clusterInputs>;
type Helpers = Pick<ActionContext, 'clock' | 'mask'>;

/** How an action reaches the cluster of a project. All that it does there goes by one client. */
export function clustersOfInputs(given: Given, topology: Topology, helpers: Helpers): Clusters {
  const open = openerOf(given, topology, helpers);
  const known = new Map<string | undefined, ClusterPorts>();
  const portsOf = (name: string | undefined): ClusterPorts => {
    const ports = known.get(name) ?? open(name);
    known.set(name, ports);
    return ports;
  };
  return {
    cluster: (name) => portsOf(name).cluster,
    jobs: (name) => portsOf(name).jobs,
    permissions: (name) => portsOf(name).permissions,
  };
}

/** Whether there is any way to a cluster: for an action that can do without. */
export function saysHowToConnect(given: Given, env: ClusterOptions['env']): boolean {
  return given['cluster-auth'] === 'oidc' || hasPlace({ kubeconfig: given.kubeconfig, env });
}

function openerOf(
  given: Given,
  topology: Topology,
  { clock, mask }: Helpers,
): (name: string | undefined) => ClusterPorts {
  const { kubeconfig } = given;
  const env = process.env;
  if (given['cluster-auth'] === 'kubeconfig')
    return (context) => connectCluster({ kubeconfig, context, env, clock, mask });
  if (kubeconfig.trim() !== '')
    throw wrong('kubeconfig', 'is given together with cluster-auth: oidc: leave one of them out');
  requireIdTokenPermission(env);
  return (name) => connectCluster({ oidc: accessOf(topology, name, { clock, mask }), env, clock, mask });
}

function accessOf(topology: Topology, name: string | undefined, { clock, mask }: Helpers): OidcAccess {
  const cluster = pickCluster(topology, name);
  return {
    cluster,
    authority: readAuthority(cluster, workspaceOf(process.env)),
    tokens: new OidcTokens(mintFor(cluster.audience, clock), { clock, mask }),
  };
}

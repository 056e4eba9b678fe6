import type { clusterInputs } from '../../action/common-inputs.ts';
import type { ActionContext } from '../../action/context.ts';
import type { InputsOf } from '../../action/inputs.ts';
import { pickCluster } from '../../domain/delivery/pick.ts';
import type { ClusterTopology, Topology } from '../../domain/topology.ts';
import { workspaceOf } from '../delivery-file.ts';
import type { ClusterOptions } from './connect.ts';
import { wrong } from './kubeconfig.ts';
import { readAuthority } from './oidc-authority.ts';
import type { OidcAccess } from './oidc-client.ts';
import { mintFor, requireIdTokenPermission } from './oidc-mint.ts';
import { OidcTokens } from './oidc-tokens.ts';

type Given = InputsOf<typeof clusterInputs>;
type Helpers = Pick<ActionContext, 'clock' | 'mask'>;

/**
 * How an action reaches the cluster of a project, by connectCluster or connectJobs: a context of its kubeconfig (undefined: the
 * current one), or with cluster-auth: oidc a cluster of delivery.yaml (undefined: the only one). Throws InputError.
 */
export function clusterOfInputs<Port>(
  connect: (options: ClusterOptions) => Port,
  given: Given,
  topology: Topology,
  { clock, mask }: Helpers,
): (name: string | undefined) => Port {
  const { kubeconfig } = given;
  const env = process.env;
  if (given['cluster-auth'] === 'kubeconfig') return (context) => connect({ kubeconfig, context, env, clock, mask });
  if (kubeconfig.trim() !== '')
    throw wrong('kubeconfig', 'is given together with cluster-auth: oidc: leave one of them out');
  requireIdTokenPermission(env);
  return (name) => connect({ oidc: accessOf(topology, name, { clock, mask }), env, clock, mask });
}

/** All connections of a run share the tokens for a cluster. */
const known = new WeakMap<ClusterTopology, OidcAccess>();

function accessOf(topology: Topology, name: string | undefined, { clock, mask }: Helpers): OidcAccess {
  const cluster = pickCluster(topology, name);
  const access = known.get(cluster) ?? {
    cluster,
    authority: readAuthority(cluster, workspaceOf(process.env)),
    tokens: new OidcTokens(mintFor(cluster.audience, clock), { clock, mask }),
  };
  known.set(cluster, access);
  return access;
}

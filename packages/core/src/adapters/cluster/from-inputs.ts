import type { clusterInputs } from '../../action/common-inputs.ts';
import type { ActionContext } from '../../action/context.ts';
import type { InputsOf } from '../../action/inputs.ts';
import type { ClusterOptions } from './connect.ts';

/** How an action reaches a context of its kubeconfig (undefined: the current one), by connectCluster or connectJobs. */
export function clusterOfInputs<Port>(
  connect: (options: ClusterOptions) => Port,
  { kubeconfig }: InputsOf<typeof clusterInputs>,
  { clock, mask }: Pick<ActionContext, 'clock' | 'mask'>,
): (context: string | undefined) => Port {
  return (context) => connect({ kubeconfig, context, env: process.env, clock, mask });
}

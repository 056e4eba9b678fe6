import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { rollOut } from '@delivery/core/action/rollout/roll-out';
import { buildTag } from '@delivery/core/domain/build';
import { shortDigest } from '@delivery/core/domain/digest';
import { findAim } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Resolves the build that is meant, and rolls it out. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const aim = findAim(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  const cluster = ports.cluster(aim.project.cluster);
  const { digest, number } = await resolveBuild(inputs.build, aim.repository, ports.registry, context.signal);
  const title = `${aim.image} ${number === undefined ? shortDigest(digest) : buildTag(number)}`;
  return rollOut(aim, { digest, number, title }, inputs, { ...ports, cluster }, context);
}

import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import { launchAll } from '@delivery/core/action/launch/launch-all';
import { tell } from '@delivery/core/action/launch/report';
import type { Outcome } from '@delivery/core/action/outcome';
import type { ResolvedBuild } from '@delivery/core/action/resolve-build';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { buildTag } from '@delivery/core/domain/build';
import { dataOriginLabel } from '@delivery/core/domain/data-directory';
import { shortDigest } from '@delivery/core/domain/digest';
import { findPlaces } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Resolves the build that is meant, and launches it in every project that is meant. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { image, places } = findPlaces(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  const clusters = connectAll(
    places.map(({ project }) => project),
    ports.jobs,
  );
  const build = await resolveBuild(inputs.build, image.repository, ports.registry, context.signal);
  const title = titleOf(image.name, build);
  const launched = { build, repository: image.repository, title };
  return tell(title, await launchAll(places, launched, inputs, { clusters, web: ports.web }, context), inputs);
}

function titleOf(name: string, { number, digest, labels }: ResolvedBuild): string {
  const data = labels[dataOriginLabel];
  const build = number === undefined ? shortDigest(digest) : buildTag(number);
  return `${name} ${build}${data === undefined || data === '' ? '' : ` (data ${data})`}`;
}

import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import type { ResolvedBuild } from '@delivery/core/action/resolve-build';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { buildTag } from '@delivery/core/domain/build';
import { dataOriginLabel } from '@delivery/core/domain/data-directory';
import { shortDigest } from '@delivery/core/domain/digest';
import { formatReference } from '@delivery/core/domain/image-reference';
import { findPlaces } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import { launchIn } from './place.ts';
import type { Ports } from './ports.ts';
import { tell } from './report.ts';
import type { Scene } from './scene.ts';

/** Launches the build in every project that is meant, side by side; what is wrong with one does not hold up the others. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { image, places } = findPlaces(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  const contexts = new Set(places.map(({ project }) => project.cluster));
  const clusters = new Map([...contexts].map((context) => [context, ports.jobs(context)]));
  const { log, clock, signal, run } = context;
  const build = await resolveBuild(inputs.build, image.repository, ports.registry, signal);
  const reference = formatReference({ ...image.repository, digest: build.digest });
  const title = titleOf(image.name, build);
  log.info(`${title} for ${places.map(({ project }) => project.name).join(', ')}`);

  const ends = await Promise.all(
    places.map(async (place) => {
      const jobs = clusters.get(place.project.cluster);
      if (!jobs) throw new TypeError('a cluster was not connected');
      const scene: Scene = {
        ...{ log, clock, signal, place, jobs, inputs },
        web: ports.web,
        wanted: { build, reference, job: place.job, run },
        timeoutMs: inputs.timeout ?? place.job.timeoutMs,
        prefix: places.length > 1 ? `[${place.project.name}] ` : '',
      };
      const end = await launchIn(scene);
      log.info(`${scene.prefix}${end.verdict}: ${end.sentence}`);
      return end;
    }),
  );
  return tell(title, ends, inputs);
}

function titleOf(name: string, { number, digest, labels }: ResolvedBuild): string {
  const data = labels[dataOriginLabel];
  const build = number === undefined ? shortDigest(digest) : buildTag(number);
  return `${name} ${build}${data === undefined || data === '' ? '' : ` (data ${data})`}`;
}

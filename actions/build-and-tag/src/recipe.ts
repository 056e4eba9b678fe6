import type { RunContext } from '@delivery/core/action/run-context';
import { quoted } from '@delivery/core/domain/delivery/found';
import { pickImage } from '@delivery/core/domain/delivery/pick';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildNumberLabel, createdLabel, revisionLabel, sourceLabel, versionLabel } from '@delivery/core/domain/build';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';
import { buildNumberArgument, commitArgument } from './inputs.ts';
import type { Recipe } from './ports.ts';

/** An image of delivery.yaml that says how it is built. */
export type BuildableImage = ImageTopology & { readonly build: NonNullable<ImageTopology['build']> };

/** Throws InputError when delivery.yaml has no such image, does not say how it is built, or the run has no commit. */
export function findImage(name: string, topology: Topology, run: RunContext): BuildableImage {
  const image = pickImage(topology, name);
  const { build } = image;
  if (!build) {
    const message = 'is missing in delivery.yaml: say what is built, such as {context: ., file: Dockerfile}';
    throw new InputError([{ field: `images.${name}.build`, message }]);
  }
  if (!/^[0-9a-f]{40,64}$/.test(run.sha)) {
    throw new InputError([{ field: 'GITHUB_SHA', message: `${quoted(run.sha)} is not the commit of a workflow run` }]);
  }
  return { ...image, build };
}

/** What the user wants, and the labels and arguments that every build has (OCI image spec 1.1, annotations.md). */
export function recipeFor(
  image: BuildableImage,
  inputs: Inputs,
  run: RunContext,
  number: BuildNumber,
  created: Date,
): Recipe {
  return {
    image: image.name,
    ...image.build,
    platforms: inputs.platforms,
    buildArgs: new Map([...inputs['build-args'], [buildNumberArgument, String(number)], [commitArgument, run.sha]]),
    labels: new Map([
      ...inputs.labels,
      [buildNumberLabel, String(number)],
      [revisionLabel, run.sha],
      [sourceLabel, `${run.serverUrl}/${run.repository}`],
      [createdLabel, created.toISOString()],
      [versionLabel, String(number)],
    ]),
    secrets: inputs.secrets,
    cacheFrom: inputs['cache-from'],
    cacheTo: inputs['cache-to'],
  };
}

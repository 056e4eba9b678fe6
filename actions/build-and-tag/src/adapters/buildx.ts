import { isDigest } from '@delivery/core/domain/digest';
import type { ImageReference } from '@delivery/core/domain/image-reference';
import { formatReference } from '@delivery/core/domain/image-reference';
import { ActionError } from '@delivery/core/errors/errors';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Builder, Recipe } from '../ports.ts';
import { buildArguments } from './arguments.ts';
import { dockerLogin } from './login.ts';
import { checkSource } from './source-files.ts';
import type { Workshop } from './workshop.ts';
import { runShown, withPrivateFolder } from './workshop.ts';

/** Docker with buildx (docs.docker.com/reference/cli/docker/buildx/build). */
export function buildxBuilder(workshop: Workshop): Builder {
  const run = (
    recipe: Recipe,
    reference: ImageReference,
    signal: AbortSignal,
    folder: string,
    more: readonly string[],
  ) => runBuildx(workshop, recipe, reference, signal, folder, more);
  return {
    name: 'docker',
    check: (recipe) => checkSource(workshop.workspace, recipe),
    async build(recipe, reference, signal) {
      // The result stays in BuildKit's cache; the push, which is the same build again, finds all of it there.
      await withPrivateFolder(workshop.temp, (folder) =>
        run(recipe, reference, signal, folder, ['--output=type=cacheonly']),
      );
    },
    async push(recipe, reference, signal) {
      return withPrivateFolder(workshop.temp, async (folder) => {
        const metadata = join(folder, 'metadata.json');
        const cache = recipe.cacheTo.map((cacheTo) => `--cache-to=${cacheTo}`);
        await run(recipe, reference, signal, folder, ['--push', `--metadata-file=${metadata}`, ...cache]);
        return readDigest(await readFile(metadata, 'utf8'));
      });
    },
  };
}

async function runBuildx(
  workshop: Workshop,
  recipe: Recipe,
  reference: ImageReference,
  signal: AbortSignal,
  folder: string,
  more: readonly string[],
): Promise<void> {
  const { workspace, login } = workshop;
  const env = login ? await dockerLogin(login, reference, folder, workshop) : {};
  const shared = await buildArguments(recipe, workspace, folder);
  const cache = recipe.cacheFrom.map((cacheFrom) => `--cache-from=${cacheFrom}`);
  const tag = `--tag=${formatReference(reference)}`;
  const args = ['--progress=plain', ...shared, ...cache, tag, ...more, resolve(workspace, recipe.context)];
  await runShown(workshop, ['docker', 'buildx', 'build', ...args], { env, cwd: workspace, signal });
}

function readDigest(metadata: string): ReturnType<typeof digestOf> {
  return digestOf((JSON.parse(metadata) as Record<string, unknown>)['containerimage.digest']);
}

function digestOf(found: unknown) {
  if (typeof found === 'string' && isDigest(found)) return found;
  throw new ActionError(
    'builder',
    'buildx did not say which digest it has pushed (containerimage.digest in its metadata file)',
    {
      hint: 'Use a newer buildx, or builder: buildah.',
    },
  );
}

import { join, resolve } from 'node:path';
import type { Recipe } from '../ports.ts';
import { writePrivate } from './workshop.ts';

/**
 * The arguments that docker buildx, buildah and podman share, without the context. Secrets are written to `folder` and
 * named by their path; no value of them stands on the command line.
 */
export async function buildArguments(recipe: Recipe, workspace: string, folder: string): Promise<string[]> {
  const { target, platforms, labels, buildArgs, secrets } = recipe;
  const args = [`--file=${resolve(workspace, recipe.file)}`];
  if (target !== undefined) args.push(`--target=${target}`);
  if (platforms.length > 0) args.push(`--platform=${platforms.join(',')}`);
  for (const [name, value] of labels) args.push(`--label=${name}=${value}`);
  for (const [name, value] of buildArgs) args.push(`--build-arg=${name}=${value}`);
  for (const [id, path] of await writeSecrets(secrets, folder)) args.push(`--secret=id=${id},src=${path}`);
  return args;
}

async function writeSecrets(secrets: Recipe['secrets'], folder: string): Promise<[string, string][]> {
  return Promise.all(
    [...secrets].map(async ([id, value]): Promise<[string, string]> => {
      const path = join(folder, `secret-${id}`);
      await writePrivate(path, value);
      return [id, path];
    }),
  );
}

import { isDigest } from '@delivery/core/domain/digest';
import type { ImageReference } from '@delivery/core/domain/image-reference';
import { formatReference } from '@delivery/core/domain/image-reference';
import type { Problem } from '@delivery/core/errors/errors';
import { ActionError } from '@delivery/core/errors/errors';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Builder, Recipe } from '../ports.ts';
import { buildArguments } from './arguments.ts';
import { containersLogin } from './login.ts';
import { checkSource } from './source-files.ts';
import type { Workshop } from './workshop.ts';
import { runShown, withPrivateFolder } from './workshop.ts';

/** buildah (buildah-build(1), buildah-push(1)), and podman, whose build and push take the same arguments. */
export function buildahBuilder(name: 'buildah' | 'podman', workshop: Workshop): Builder {
  const { workspace, login, temp } = workshop;
  const loggedIn = async (reference: ImageReference, folder: string): Promise<Record<string, string>> =>
    login ? containersLogin(login, reference, folder, workshop) : {};
  return {
    name,
    check: async (recipe) => [...cannot(name, recipe), ...(await checkSource(workspace, recipe))],
    async build(recipe, reference, signal) {
      await withPrivateFolder(temp, async (folder) => {
        const env = await loggedIn(reference, folder);
        const args = await buildArguments(recipe, workspace, folder);
        const context = resolve(workspace, recipe.context);
        const tag = `--tag=${formatReference(reference)}`;
        await runShown(workshop, [name, 'build', '--layers', '--force-rm', ...args, tag, context], {
          env,
          cwd: workspace,
          signal,
        });
      });
    },
    async push(_, reference, signal) {
      return withPrivateFolder(temp, async (folder) => {
        const env = await loggedIn(reference, folder);
        const file = join(folder, 'digest');
        const image = formatReference(reference);
        await runShown(workshop, [name, 'push', `--digestfile=${file}`, image, `docker://${image}`], {
          env,
          cwd: workspace,
          signal,
        });
        const digest = (await readFile(file, 'utf8')).trim();
        if (isDigest(digest)) return digest;
        throw new ActionError('builder', `${name} did not say which digest it has pushed`, {
          hint: 'Use builder: docker.',
        });
      });
    },
  };
}

function cannot(name: string, { platforms, cacheFrom, cacheTo }: Recipe): Problem[] {
  const problems: Problem[] = [];
  const needsBuildx = (field: string, what: string) =>
    problems.push({ field, message: `${what} not made with ${name}: use builder docker` });
  if (platforms.length > 1) needsBuildx('platforms', 'images of several platforms are');
  if (cacheFrom.length > 0) needsBuildx('cache-from', 'a build from a remote cache is');
  if (cacheTo.length > 0) needsBuildx('cache-to', 'a remote cache is');
  return problems;
}

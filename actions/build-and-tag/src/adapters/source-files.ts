import { isInside } from '@delivery/core/adapters/checkout-file';
import { quoted } from '@delivery/core/domain/delivery/found';
import type { Problem } from '@delivery/core/errors/errors';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Recipe } from '../ports.ts';

/** What is wrong with the folder and the Dockerfile that a recipe names: not there, or outside the checkout by a link. */
export async function checkSource(workspace: string, { image, context, file }: Recipe): Promise<readonly Problem[]> {
  const root = await realpath(workspace);
  const problems = [
    await checkPath(root, `images.${image}.build.context`, context, 'folder'),
    await checkPath(root, `images.${image}.build.file`, file, 'file'),
  ];
  return problems.filter((problem) => problem !== undefined);
}

async function checkPath(
  root: string,
  field: string,
  path: string,
  kind: 'folder' | 'file',
): Promise<Problem | undefined> {
  const found = await realpath(resolve(root, path)).catch(() => undefined);
  if (found === undefined)
    return { field, message: `${quoted(path)} does not exist in the checkout: was it checked out before this step?` };
  if (!isInside(root, found)) return { field, message: `${quoted(path)} lies outside the checkout` };
  const entry = await stat(found);
  const right = kind === 'folder' ? entry.isDirectory() : entry.isFile();
  return right ? undefined : { field, message: `${quoted(path)} is not a ${kind}` };
}

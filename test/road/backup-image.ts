import { join } from 'node:path';
import { run } from '../ground/commands.ts';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { groundRegistry } from './registry.ts';

/** Where the example's manifests expect the image (examples/stack/deploy/images). */
const repository = { path: 'fragalysis-ops/db-backup', tag: '1' } as const;

/**
 * Builds images/backup with the committed dist/backup, on the ground's own packages, and pushes it to the ground's registry. Gives its
 * reference by digest. The second time it takes a second: everything is in the builder's cache.
 */
export async function pushBackupImage(state: GroundState): Promise<string> {
  const { host } = state.registries.basic;
  const name = `${host}/${repository.path}`;
  const options = [
    ...['--file', join(repositoryRoot, 'images/backup/Dockerfile')],
    ...['--build-arg', `BASE=${host}/${state.images.backup}`],
    ...['--tag', `${name}:${repository.tag}`],
  ];
  const build = ['buildx', 'build', '--quiet', '--push', ...options, repositoryRoot];
  await run('docker', build, { env: state.environment });
  const place = { host, path: repository.path };
  const manifest = await groundRegistry(state).readManifest(place, repository.tag, AbortSignal.timeout(20_000));
  if (!manifest) throw new Error(`${name}:${repository.tag} is not there after its push`);
  return `${name}@${manifest.digest}`;
}

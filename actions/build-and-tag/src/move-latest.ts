import { readBuild } from '@delivery/core/action/resolve-build';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildNumbers, buildTag, latestTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import { ActionError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';

/** What `latest` is when it has come to rest. */
export interface Latest {
  readonly number: BuildNumber;
  readonly digest: Digest;
}

/** More than ten runs that disturb each other at once; see docs/decisions/0001-moving-latest.md for why it ends. */
const maxRounds = 20;

/**
 * Lets `latest` name the newest build, `own` or a higher one, and never an older one. Writes the manifest of the highest
 * `latest-N`, byte for byte, and looks again after every write, so that whoever writes last also puts right what an
 * overtaken run has written. `own` has to be in the registry. Throws ActionError (`latest-unstable`) after 20 rounds.
 */
export async function moveLatest(
  own: BuildNumber,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<Latest> {
  for (let round = 0; round < maxRounds; round++) {
    const [listed = own] = buildNumbers(await registry.listTags(repository, signal));
    const highest = Math.max(own, listed);
    const newest = await registry.readManifest(repository, buildTag(highest), signal);
    // Deleted since it was listed; the next list will not have it.
    if (!newest) continue;
    const current = await registry.readManifest(repository, latestTag, signal);
    if (current?.digest === newest.digest) return { number: highest, digest: newest.digest };
    const named = current && (await readBuild(current.digest, repository, registry, signal));
    if (named?.number !== undefined && named.number > highest) return { number: named.number, digest: named.digest };
    await registry.writeManifest(repository, latestTag, newest, signal);
  }
  throw new ActionError(
    'latest-unstable',
    `${latestTag} of ${formatRepository(repository)} did not come to rest in ${maxRounds} rounds`,
    {
      hint: `${buildTag(own)} is pushed. Something else writes ${latestTag} or deletes builds: find it, and run again.`,
    },
  );
}

import type { BuildNumber } from '../domain/build.ts';
import { buildNumbers, buildTag, latestTag, stableTag } from '../domain/build.ts';
import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { sameRepository } from '../domain/image-reference.ts';
import type { ImageTopology } from '../domain/topology.ts';
import { compareVersions, parseVersion } from '../domain/version.ts';
import { RemoteError } from '../errors/errors.ts';
import type { Manifest, Registry } from '../ports/registry.ts';
import type { CatalogueBuild, Found, Shelf } from './catalogue-build.ts';
import { describeBuild } from './catalogue-build.ts';
import { sideBySide } from './side-by-side.ts';

/** Requests under way at once. */
const atOnce = 16;

/** The builds of an image: where they are pushed and where they are promoted. */
export interface Catalogue {
  readonly image: ImageTopology;
  /**
   * Those that were read: the newest by number, and what `latest`, `stable` and the newest versions name. The highest number first;
   * what has none comes last, the newest first.
   */
  readonly builds: readonly CatalogueBuild[];
  readonly stable: CatalogueBuild | undefined;
  /** All tags of the image's repository, as they were listed. */
  readonly tags: readonly string[];
  /** All that the repository has, the highest first. */
  readonly numbers: readonly BuildNumber[];
  /** All that the promoted repository has, the highest first. */
  readonly versions: readonly string[];
  /** Tags that name no image, or a damaged one. */
  readonly unreadable: readonly Unreadable[];
  /** The build that a tag or digest names, read now where it was not yet; undefined when there is none. */
  readonly read: (reference: string, repository: Repository) => Promise<CatalogueBuild | undefined>;
}

export interface Unreadable {
  readonly tags: readonly string[];
  readonly why: string;
}

/**
 * Reads the newest `limit` builds by number and what was promoted, with the ledger of each: one request for each list of tags, one
 * for each tag that is read, two or three for each digest. Throws RemoteError (`registry`).
 */
export async function readCatalogue(
  image: ImageTopology,
  registry: Registry,
  signal: AbortSignal,
  { limit }: { readonly limit: number },
): Promise<Catalogue> {
  const { repository, promoted } = image;
  const repositories = promoted && !sameRepository(promoted, repository) ? [repository, promoted] : [repository];
  const [built = [], other = []] = await sideBySide(repositories, atOnce, (one) => registry.listTags(one, signal));
  const promotedTags = !promoted ? [] : repositories.length === 1 ? built : other;
  const numbers = buildNumbers(built);
  const versions = promotedTags.flatMap((tag) => parseVersion(tag) ?? []).sort((a, b) => compareVersions(b, a));
  const wanted = [
    ...[...built.filter((tag) => tag === latestTag), ...numbers.slice(0, limit).map(buildTag)].map(at(repository)),
    ...[...promotedTags.filter((tag) => tag === stableTag), ...versions.slice(0, limit)].map(
      at(promoted ?? repository),
    ),
  ];
  const shelf = { image, registry, signal, numbers, unreadVersions: new Set(versions.slice(limit)) };

  const found = groupByDigest(
    await sideBySide(wanted, atOnce, async (one) => ({
      ...one,
      manifest: await registry.readManifest(one.repository, one.tag, signal),
    })),
  );
  const answers = await sideBySide(found, atOnce, (one) => orUnreadable(one, shelf));
  const builds = answers.flatMap((answer) => ('why' in answer ? [] : [answer])).sort(newestFirst);

  return {
    ...{ image, builds, tags: built, numbers, versions },
    stable: builds.find(({ isStable }) => isStable),
    unreadable: answers.flatMap((answer) => ('why' in answer ? [answer] : [])),
    async read(reference, where) {
      const manifest = await registry.readManifest(where, reference, signal);
      const known = builds.find(({ digest }) => digest === manifest?.digest);
      if (!manifest || known) return known;
      const tags = reference === manifest.digest ? [] : [reference];
      return describeBuild({ manifest, repositories: [where], tags }, shelf);
    },
  };
}

interface Tagged {
  readonly repository: Repository;
  readonly tag: string;
}

function at(repository: Repository): (tag: string) => Tagged {
  return (tag) => ({ repository, tag });
}

/** What was deleted since the tags were listed is left out. */
function groupByDigest(answers: readonly (Tagged & { readonly manifest: Manifest | undefined })[]): Found[] {
  const byDigest = new Map<Digest, Found>();
  for (const { repository, tag, manifest } of answers) {
    if (!manifest) continue;
    const { repositories = [], tags = [] } = byDigest.get(manifest.digest) ?? {};
    const isNew = !repositories.some((known) => sameRepository(known, repository));
    byDigest.set(manifest.digest, {
      manifest,
      repositories: isNew ? [...repositories, repository] : repositories,
      tags: [...tags, tag],
    });
  }
  return [...byDigest.values()];
}

/** One build that is damaged, or no image at all, does not hide the others. */
async function orUnreadable(found: Found, shelf: Shelf): Promise<CatalogueBuild | Unreadable> {
  try {
    return await describeBuild(found, shelf);
  } catch (error) {
    const isContent = error instanceof RemoteError && !error.retryable && (error.status ?? 404) === 404;
    if (!isContent) throw error;
    return { tags: found.tags, why: error.message };
  }
}

function newestFirst(a: CatalogueBuild, b: CatalogueBuild): number {
  return (b.number ?? 0) - (a.number ?? 0) || (b.created?.getTime() ?? 0) - (a.created?.getTime() ?? 0);
}

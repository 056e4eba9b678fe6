import type { BuildNumber } from '../domain/build.ts';
import { buildTag, latestTag, stableTag } from '../domain/build.ts';
import type { PromotionSelector } from '../domain/build-selector.ts';
import { formatSelector } from '../domain/build-selector.ts';
import type { Digest } from '../domain/digest.ts';
import { shortDigest } from '../domain/digest.ts';
import { formatRepository } from '../domain/image-reference.ts';
import { stableBefore } from '../domain/ledger.ts';
import { ActionError } from '../errors/errors.ts';
import type { CatalogueBuild } from './catalogue-build.ts';
import type { Catalogue } from './catalogue.ts';

const offered = 5;

/**
 * The build that is meant, read now where the catalogue does not have it in detail. Throws ActionError `build-missing`, whose hint
 * says what could be had, and RemoteError (`registry`).
 */
export async function pick(selector: PromotionSelector, catalogue: Catalogue): Promise<CatalogueBuild> {
  const found = await find(selector, catalogue);
  if (typeof found !== 'string') return found;
  const message = `There is no build ${formatSelector(selector)} of ${catalogue.image.name} to be had: ${found}`;
  throw new ActionError('build-missing', message, { hint: offer(catalogue) });
}

/** The same, or why there is none. */
export async function find(selector: PromotionSelector, catalogue: Catalogue): Promise<CatalogueBuild | string> {
  const { repository, promoted } = catalogue.image;
  switch (selector.kind) {
    case 'latest':
      return (await byTag(latestTag, catalogue)) ?? `${formatRepository(repository)} has no ${latestTag}`;
    case 'number': {
      const tag = buildTag(selector.number);
      return (await byTag(tag, catalogue)) ?? `${formatRepository(repository)} has no ${tag}${keptAs(selector.number)}`;
    }
    case 'back': {
      const number = catalogue.numbers[selector.builds];
      const build = number === undefined ? undefined : await byTag(buildTag(number), catalogue);
      return build ?? `${formatRepository(repository)} has ${catalogue.numbers.length} builds`;
    }
    case 'digest':
      return (await byDigest(selector.digest, catalogue)) ?? 'no repository of the image has that digest';
    case 'version': {
      const { version } = selector;
      const known = catalogue.builds.find(({ versions }) => versions.includes(version));
      const build = known ?? (promoted && (await catalogue.read(version, promoted)));
      return build ?? 'no build was promoted under that version';
    }
    case 'previous':
      return previous(catalogue);
  }

  function keptAs(wanted: BuildNumber): string {
    const version = catalogue.builds.find(({ number }) => number === wanted)?.versions[0];
    return version === undefined ? '' : `, but it is kept as version ${version}`;
  }
}

async function previous(catalogue: Catalogue): Promise<CatalogueBuild | string> {
  const { stable } = catalogue;
  if (!stable) return 'nothing is stable yet';
  const digest = stableBefore(stable.digest, stable.records);
  if (!digest) return 'the ledger does not say what was stable before';
  return (
    (await byDigest(digest, catalogue)) ?? `the registry has no more what was stable before, ${shortDigest(digest)}`
  );
}

async function byTag(tag: string, { builds, read, image }: Catalogue): Promise<CatalogueBuild | undefined> {
  return builds.find(({ tags }) => tags.includes(tag)) ?? (await read(tag, image.repository));
}

async function byDigest(digest: Digest, { builds, read, image }: Catalogue): Promise<CatalogueBuild | undefined> {
  const { repository, promoted } = image;
  const known = builds.find((build) => build.digest === digest);
  return known ?? (await read(digest, repository)) ?? (promoted && (await read(digest, promoted)));
}

/** What could be had, a sentence or two. */
export function offer({ numbers, versions, stable }: Catalogue): string {
  if (numbers.length === 0 && versions.length === 0 && !stable) return 'There is no build yet: build one first.';
  const list = (all: readonly (string | number)[]) => all.slice(0, offered).join(', ');
  const parts = [
    numbers.length === 0
      ? 'There is no numbered build.'
      : `The newest of the ${numbers.length} builds there: ${list(numbers)}.`,
    ...(versions.length === 0 ? [] : [`The newest of the ${versions.length} versions: ${list(versions)}.`]),
    ...(stable ? [`${stableTag} is ${stable.number ?? shortDigest(stable.digest)}.`] : []),
  ];
  return parts.join(' ');
}

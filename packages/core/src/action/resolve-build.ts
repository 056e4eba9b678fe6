import type { BuildNumber } from '../domain/build.ts';
import {
  buildNumberLabel,
  buildNumberOfTag,
  buildTag,
  createdLabel,
  latestTag,
  parseBuildNumber,
} from '../domain/build.ts';
import type { BuildSelector } from '../domain/build-selector.ts';
import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository } from '../domain/image-reference.ts';
import type { ImageConfig, ImageManifest } from '../domain/manifest.ts';
import { maxConfigBytes, parseImageConfig, parseManifest, parseTime, platformImages } from '../domain/manifest.ts';
import { ActionError, RemoteError } from '../errors/errors.ts';
import type { Manifest, Registry } from '../ports/registry.ts';

/** A build as the registry has it. */
export interface ResolvedBuild {
  /** Of the manifest or index itself: all platforms. */
  readonly digest: Digest;
  /** Label build.number; undefined where the image has none. */
  readonly number: BuildNumber | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Label org.opencontainers.image.created, else what the config says; undefined where neither is a time. */
  readonly created: Date | undefined;
  /** The manifest or index, byte for byte. */
  readonly manifest: Manifest;
}

/**
 * The build that is meant, as a digest. Throws ActionError `build-missing`, which names what could be had instead, and
 * RemoteError (`registry`).
 */
export async function resolveBuild(
  selector: BuildSelector,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<ResolvedBuild> {
  const reference = referenceOf(selector);
  const build = await readBuild(reference, repository, registry, signal);
  if (build) return build;
  const tags = await registry.listTags(repository, signal);
  throw new ActionError('build-missing', `${formatRepository(repository)} has no ${reference}`, { hint: offer(tags) });
}

/** The build behind a tag or digest; undefined when the registry has none. */
export async function readBuild(
  reference: string,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<ResolvedBuild | undefined> {
  const manifest = await registry.readManifest(repository, reference, signal);
  if (!manifest) return undefined;
  const { labels, created } = await readConfig(manifest, repository, registry, signal);
  return {
    digest: manifest.digest,
    number: parseBuildNumber(labels[buildNumberLabel] ?? ''),
    labels,
    created: parseTime(labels[createdLabel]) ?? created,
    manifest,
  };
}

function referenceOf(selector: BuildSelector): string {
  switch (selector.kind) {
    case 'latest':
      return latestTag;
    case 'number':
      return buildTag(selector.number);
    case 'digest':
      return selector.digest;
  }
}

/** Every platform of an index is one build, so the labels of the first one are those of all. */
async function readConfig(
  manifest: Manifest,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<ImageConfig> {
  const where = `${formatRepository(repository)}@${manifest.digest}`;
  let image: ImageManifest | undefined;
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, where);
  if (parsed.kind === 'image') image = parsed;
  else {
    const [first] = platformImages(parsed);
    const inner = first && (await registry.readManifest(repository, first.digest, signal));
    const innerParsed =
      inner && parseManifest(inner.bytes, inner.mediaType, `${formatRepository(repository)}@${inner.digest}`);
    if (innerParsed?.kind === 'image') image = innerParsed;
  }
  if (!image) throw new RemoteError('registry', `${where} holds no image of any platform`, { retryable: false });
  const config = await registry.readBlob(repository, image.config.digest, maxConfigBytes, signal);
  return parseImageConfig(config, where);
}

const offered = 5;

function offer(tags: readonly string[]): string {
  const numbers = tags.flatMap((tag) => buildNumberOfTag(tag) ?? []).sort((a, b) => b - a);
  if (numbers.length === 0) return 'There is no build in that repository yet: build one first.';
  const newest = numbers.slice(0, offered).map(buildTag).join(', ');
  return `The newest of the ${numbers.length} builds there: ${newest}.`;
}

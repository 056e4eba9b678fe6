import type { BuildNumber } from '../domain/build.ts';
import {
  buildNumberLabel,
  buildNumbers,
  buildTag,
  createdLabel,
  latestTag,
  parseBuildNumber,
} from '../domain/build.ts';
import type { BuildSelector } from '../domain/build-selector.ts';
import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository } from '../domain/image-reference.ts';
import type { ImageConfig, Platform } from '../domain/manifest.ts';
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
  readonly platforms: readonly Platform[];
  /** Compressed, of the first platform: its manifest, config and layers. */
  readonly bytes: number;
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
  return manifest && inspectBuild(manifest, repository, registry, signal);
}

/** The build of a manifest that has been read. Throws RemoteError (`registry`) for what is no image. */
export async function inspectBuild(
  manifest: Manifest,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<ResolvedBuild> {
  const { config, platforms, bytes } = await readImage(manifest, repository, registry, signal);
  const { labels, created } = config;
  return {
    digest: manifest.digest,
    number: parseBuildNumber(labels[buildNumberLabel] ?? ''),
    labels,
    created: parseTime(labels[createdLabel]) ?? created,
    manifest,
    platforms,
    bytes,
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
async function readImage(
  manifest: Manifest,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<{ config: ImageConfig } & Pick<ResolvedBuild, 'platforms' | 'bytes'>> {
  const where = `${formatRepository(repository)}@${manifest.digest}`;
  const outer = parseManifest(manifest.bytes, manifest.mediaType, where);
  const images = outer.kind === 'index' ? platformImages(outer) : [];
  const first = images[0] && (await registry.readManifest(repository, images[0].digest, signal));
  const own = outer.kind === 'image' ? manifest : first;
  const image = own && parseManifest(own.bytes, own.mediaType, `${formatRepository(repository)}@${own.digest}`);
  if (!own || image?.kind !== 'image')
    throw new RemoteError('registry', `${where} holds no image of any platform`, { retryable: false });
  const config = parseImageConfig(
    await registry.readBlob(repository, image.config.digest, maxConfigBytes, signal),
    where,
  );
  const named = images.flatMap(({ platform }) => platform ?? []);
  const layers = image.layers.reduce((sum, { size }) => sum + size, 0);
  return {
    config,
    platforms: named.length > 0 ? named : [config.platform],
    bytes: own.bytes.length + image.config.size + layers,
  };
}

const offered = 5;

function offer(tags: readonly string[]): string {
  const numbers = buildNumbers(tags);
  if (numbers.length === 0) return 'There is no build in that repository yet: build one first.';
  const newest = numbers.slice(0, offered).map(buildTag).join(', ');
  return `The newest of the ${numbers.length} builds there: ${newest}.`;
}

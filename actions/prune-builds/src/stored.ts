import { inspectBuild } from '@delivery/core/action/resolve-build';
import { sideBySide } from '@delivery/core/action/side-by-side';
import { buildNumberOfTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import type { Descriptor } from '@delivery/core/domain/manifest';
import { mediaTypes, parseManifest } from '@delivery/core/domain/manifest';
import type { StoredManifest } from '@delivery/core/domain/retention-inventory';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import { journalTag } from './journal.ts';

/** Requests under way at once. */
export const atOnce = 16;

/** What the tags of a repository lead to. */
export interface Stored {
  readonly tags: Map<string, Digest>;
  readonly manifests: Map<Digest, StoredManifest>;
}

interface Place {
  readonly repository: Repository;
  readonly registry: Registry;
  readonly signal: AbortSignal;
}

/** All tags but the journal's. A tag that is gone when it is read is left out. Throws RemoteError (`registry`). */
export async function readStored(place: Place): Promise<Stored> {
  const { registry, repository, signal } = place;
  const names = await registry.listTags(repository, signal);
  const stored: Stored = { tags: new Map(), manifests: new Map() };
  await addTags(names, stored, place);
  return stored;
}

/** Reads these tags and what is below them into `stored`. */
export async function addTags(names: readonly string[], stored: Stored, place: Place): Promise<void> {
  const found = new Map<Digest, Manifest>();
  const builds = new Set<Digest>();
  await sideBySide(
    names.filter((name) => name !== journalTag),
    atOnce,
    async (name) => {
      const manifest = await place.registry.readManifest(place.repository, name, place.signal);
      if (!manifest) return;
      stored.tags.set(name, manifest.digest);
      if (!stored.manifests.has(manifest.digest)) found.set(manifest.digest, manifest);
      if (buildNumberOfTag(name) !== undefined) builds.add(manifest.digest);
    },
  );
  await sideBySide([...found.values()], atOnce, (manifest) =>
    addManifest(manifest, builds.has(manifest.digest), stored, place),
  );
}

/** Reads manifests by their digests into `stored`; gives those that are not there. */
export async function addDigests(digests: readonly Digest[], stored: Stored, place: Place): Promise<Digest[]> {
  const missing = await sideBySide(digests, atOnce, async (digest) => {
    if (stored.manifests.has(digest)) return [];
    const manifest = await place.registry.readManifest(place.repository, digest, place.signal);
    if (!manifest) return [digest];
    await addManifest(manifest, false, stored, place);
    return [];
  });
  return missing.flat();
}

/**
 * Adds what refers to these digests, those referrers that are known from elsewhere as they are known. `subject` in a list of
 * referrers is the digest that was asked for (distribution spec 1.1, "Listing Referrers").
 */
export async function addReferrers(digests: readonly Digest[], stored: Stored, place: Place): Promise<void> {
  const { registry, repository, signal } = place;
  await sideBySide(digests, atOnce, async (subject) => {
    const referrers = await registry.listReferrers(repository, subject, signal);
    for (const referrer of referrers) {
      const { digest } = referrer;
      if (stored.manifests.has(digest)) continue;
      if (isIndex(referrer)) await addDigests([digest], stored, place);
      else stored.manifests.set(digest, { ...nothingKnown, digest, subject });
    }
  });
}

const nothingKnown = { children: [], config: undefined, subject: undefined, number: undefined, created: undefined };

async function addManifest(manifest: Manifest, isBuild: boolean, stored: Stored, place: Place): Promise<void> {
  const { repository, registry, signal } = place;
  const { digest } = manifest;
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, `${formatRepository(repository)}@${digest}`);
  const children = parsed.kind === 'index' ? parsed.manifests : [];
  const build = isBuild ? await inspectBuild(manifest, repository, registry, signal) : undefined;
  stored.manifests.set(digest, {
    digest,
    children: children.map((child) => child.digest),
    config: parsed.kind === 'image' ? parsed.config.digest : undefined,
    subject: parsed.subject?.digest,
    number: build?.number,
    created: isTold(build?.created) ? build?.created : undefined,
  });
  await addDigests(
    children.filter(isIndex).map((child) => child.digest),
    stored,
    place,
  );
}

/** A time that was never set is written as the first moment of year 1 by programs in Go (pkg.go.dev/time, Time.IsZero). */
function isTold(created: Date | undefined): boolean {
  return created !== undefined && created.getUTCFullYear() > 1;
}

function isIndex({ mediaType }: Descriptor): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
}

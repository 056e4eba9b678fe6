import { inspectBuild } from '@delivery/core/action/resolve-build';
import { sideBySide } from '@delivery/core/action/side-by-side';
import { buildNumberOfTag, stableTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import type { Descriptor } from '@delivery/core/domain/manifest';
import { mediaTypes, parseManifest } from '@delivery/core/domain/manifest';
import type { StoredManifest } from '@delivery/core/domain/retention-inventory';
import { parseVersion } from '@delivery/core/domain/version';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import { journalTag } from './journal.ts';

/** Requests under way at once. */
export const atOnce = 16;
/** Indexes in indexes; a builder makes one level. */
const maxDepth = 8;

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

/**
 * All tags but the journal's. A tag that is gone when it is read is left out, unless it is one that keeps what it names. Throws
 * RemoteError (`registry`), also when `listed` is a tag that is there and the list does not have it: then more may be missing.
 */
export async function readStored(place: Place, listed?: string): Promise<Stored> {
  const { registry, repository, signal } = place;
  const names = await registry.listTags(repository, signal);
  if (listed !== undefined && !names.includes(listed))
    throw contradiction(repository, `the list of tags has no ${listed}, which can be read`);
  const stored: Stored = { tags: new Map(), manifests: new Map() };
  await addTags(names, stored, place);
  return stored;
}

/** Reads these tags and what is below them into `stored`. */
export async function addTags(names: readonly string[], stored: Stored, place: Place): Promise<void> {
  const tags = names.filter((name) => name !== journalTag);
  await sideBySide(tags, atOnce, async (name) => {
    const manifest = await readTag(name, place);
    if (!manifest) return;
    stored.tags.set(name, manifest.digest);
    const isBuild = buildNumberOfTag(name) !== undefined;
    const known = stored.manifests.get(manifest.digest);
    if (!known || (isBuild && known.created === undefined)) await addManifest(manifest, isBuild, stored, place);
  });
}

/** A listed tag. Throws RemoteError when one that keeps what it names, `stable` or a version, is not there, asked twice. */
export async function readTag(name: string, { registry, repository, signal }: Place): Promise<Manifest | undefined> {
  const manifest = await registry.readManifest(repository, name, signal);
  if (manifest || (name !== stableTag && parseVersion(name) === undefined)) return manifest;
  const again = await registry.readManifest(repository, name, signal);
  if (again) return again;
  throw contradiction(repository, `the tag ${name} is listed, and cannot be found`);
}

/** Reads manifests by their digests into `stored`; gives those that are not there. `depth`: of indexes above them. */
export async function addDigests(
  digests: readonly Digest[],
  stored: Stored,
  place: Place,
  depth = 0,
): Promise<Digest[]> {
  const missing = await sideBySide(digests, atOnce, async (digest) => {
    if (stored.manifests.has(digest)) return [];
    const manifest = await place.registry.readManifest(place.repository, digest, place.signal);
    if (!manifest) return [digest];
    await addManifest(manifest, false, stored, place, depth);
    return [];
  });
  return missing.flat();
}

/**
 * Adds what is listed as referring to these digests. A list may be a fallback that anybody writes (distribution spec 1.1, "Referrers
 * Tag Schema"): `subject` is what each manifest says itself.
 */
export async function addReferrers(digests: readonly Digest[], stored: Stored, place: Place): Promise<void> {
  const { registry, repository, signal } = place;
  const listed = await sideBySide(digests, atOnce, (subject) => registry.listReferrers(repository, subject, signal));
  await addDigests([...new Set(listed.flat().map(({ digest }) => digest))], stored, place);
}

async function addManifest(
  manifest: Manifest,
  isBuild: boolean,
  stored: Stored,
  place: Place,
  depth = 0,
): Promise<void> {
  const { repository, registry, signal } = place;
  const { digest } = manifest;
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, `${formatRepository(repository)}@${digest}`);
  const children = parsed.kind === 'index' ? parsed.manifests : [];
  const build = isBuild ? await inspectBuild(manifest, repository, registry, signal) : undefined;
  const before = stored.manifests.get(digest);
  stored.manifests.set(digest, {
    digest,
    children: children.map((child) => child.digest),
    config: parsed.kind === 'image' ? parsed.config.digest : undefined,
    subject: parsed.subject?.digest,
    number: build?.number ?? before?.number,
    created: isTold(build?.created) ? build?.created : before?.created,
  });
  const below = children.filter(isIndex).map((child) => child.digest);
  if (below.length > 0 && depth >= maxDepth)
    throw contradiction(repository, `${digest} is an index below ${maxDepth} others`);
  await addDigests(below, stored, place, depth + 1);
}

function contradiction(repository: Repository, what: string): RemoteError {
  return new RemoteError('registry', `${formatRepository(repository)}: ${what}`, { retryable: false });
}

/** A time that was never set is written as the first moment of year 1 by programs in Go (pkg.go.dev/time, Time.IsZero). */
function isTold(created: Date | undefined): boolean {
  return created !== undefined && created.getUTCFullYear() > 1;
}

function isIndex({ mediaType }: Descriptor): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
}

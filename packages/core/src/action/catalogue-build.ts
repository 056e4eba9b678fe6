import type { BuildNumber } from '../domain/build.ts';
import { buildNumberOfTag, buildTag, latestTag, revisionLabel, sourceLabel, stableTag } from '../domain/build.ts';
import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { sameRepository } from '../domain/image-reference.ts';
import type { LedgerRecord } from '../domain/ledger.ts';
import { inOrder, isOfPromotion } from '../domain/ledger.ts';
import type { ImageTopology } from '../domain/topology.ts';
import { compareVersions, parseVersion } from '../domain/version.ts';
import type { Manifest, Registry } from '../ports/registry.ts';
import { readLedger } from './ledger.ts';
import { oneLine } from '../domain/printable.ts';
import type { ResolvedBuild } from './resolve-build.ts';
import { inspectBuild } from './resolve-build.ts';

/** How far the migrations of an image bring the database. */
export const schemaVersionLabel = 'schema.version';

/** A build, with what is known of it. */
export interface CatalogueBuild extends ResolvedBuild {
  /** Of its tag `latest-N`, else of label build.number. */
  readonly number: BuildNumber | undefined;
  /** Where it is: the image's repository, unless it is only where it was promoted to. */
  readonly repository: Repository;
  /** `latest` and `latest-N`, as far as they were read. */
  readonly tags: readonly string[];
  /** The highest first. */
  readonly versions: readonly string[];
  readonly isLatest: boolean;
  readonly isStable: boolean;
  /** Undefined when the label is no commit. */
  readonly commit: string | undefined;
  /** Address of the source, http or https. */
  readonly source: string | undefined;
  /** Label schema.version, on one line. */
  readonly schemaVersion: string | undefined;
  /** Of both repositories, oldest first. */
  readonly records: readonly LedgerRecord[];
}

/** A manifest with what is known to name it. */
export interface Found {
  readonly manifest: Manifest;
  /** The first is the one to read it from. */
  readonly repositories: readonly Repository[];
  readonly tags: readonly string[];
}

/** What describeBuild asks. */
export interface Shelf {
  readonly image: ImageTopology;
  /** Every number that the image's repository has. */
  readonly numbers: readonly BuildNumber[];
  /** Versions of which it is not known what they name: while there are such, every digest may have been promoted. */
  readonly unreadVersions: ReadonlySet<string>;
  readonly registry: Registry;
  readonly signal: AbortSignal;
}

/** Reads config and ledger of a build. Throws RemoteError (`registry`). */
export async function describeBuild(found: Found, shelf: Shelf): Promise<CatalogueBuild> {
  const { image, registry, signal } = shelf;
  const { digest } = found.manifest;
  const from = found.repositories[0] ?? image.repository;
  const build = await inspectBuild(found.manifest, from, registry, signal);
  const { repositories, tags } = await withOwnTag(found, build.number, shelf);
  const records = await recordsOf(digest, repositories, shelf);
  const versions = [
    ...tags.flatMap((tag) => parseVersion(tag) ?? []),
    ...(await unreadVersionsOf(digest, records, shelf)),
  ];
  const numbers = tags.flatMap((tag) => buildNumberOfTag(tag) ?? []);
  return {
    ...build,
    repository: repositories[0] ?? from,
    records,
    number: numbers.length === 0 || numbers.includes(build.number ?? 0) ? build.number : Math.max(...numbers),
    tags: tags.filter((tag) => tag === latestTag || buildNumberOfTag(tag) !== undefined),
    versions: [...new Set(versions)].sort((a, b) => compareVersions(b, a)),
    isLatest: tags.includes(latestTag),
    isStable: tags.includes(stableTag),
    ...said(build.labels),
  };
}

/** What was found by a digest, or where it was promoted to, may stand under its own number as well. */
async function withOwnTag(
  found: Found,
  number: BuildNumber | undefined,
  { image: { repository }, numbers, registry, signal }: Shelf,
): Promise<Found> {
  const { manifest, repositories, tags } = found;
  if (number === undefined || !numbers.includes(number)) return found;
  if (tags.some((tag) => buildNumberOfTag(tag) !== undefined)) return found;
  const own = await registry.readManifest(repository, buildTag(number), signal);
  if (own?.digest !== manifest.digest) return found;
  const others = repositories.filter((one) => !sameRepository(one, repository));
  return { manifest, repositories: [repository, ...others], tags: [...tags, buildTag(number)] };
}

/** A record that was copied along with its image is the same one. Promotions count where they take place: fewer may write there. */
async function recordsOf(
  digest: Digest,
  repositories: readonly Repository[],
  { image: { promoted }, unreadVersions, registry, signal }: Shelf,
): Promise<LedgerRecord[]> {
  const more = promoted && unreadVersions.size > 0 && !repositories.some((one) => sameRepository(one, promoted));
  const byDigest = new Map<Digest, LedgerRecord>();
  for (const one of more ? [...repositories, promoted] : repositories) {
    const isBeside = promoted !== undefined && sameRepository(one, promoted);
    for (const record of await readLedger(one, digest, registry, signal))
      if (isBeside || !isOfPromotion(record)) byDigest.set(record.digest, record);
  }
  return inOrder([...byDigest.values()]);
}

/** The ledger says under which versions it was promoted; the tags say whether that is so still. */
async function unreadVersionsOf(
  digest: Digest,
  records: readonly LedgerRecord[],
  { image: { promoted }, unreadVersions, registry, signal }: Shelf,
): Promise<string[]> {
  const versions: string[] = [];
  for (const version of new Set(records.flatMap((record) => record.version ?? []))) {
    if (!promoted || !unreadVersions.has(version)) continue;
    if ((await registry.readManifest(promoted, version, signal))?.digest === digest) versions.push(version);
  }
  return versions;
}

function said(labels: ResolvedBuild['labels']): Pick<CatalogueBuild, 'commit' | 'source' | 'schemaVersion'> {
  return {
    commit: /^[0-9a-f]{40,64}$/.exec(labels[revisionLabel] ?? '')?.[0],
    source: webAddress(labels[sourceLabel] ?? ''),
    schemaVersion: oneLine(labels[schemaVersionLabel] ?? '', 100) || undefined,
  };
}

function webAddress(text: string): string | undefined {
  const url = text.length <= 500 ? URL.parse(text) : null;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}

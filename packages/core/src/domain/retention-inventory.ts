import type { BuildNumber } from './build.ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { cosignSuffixes, referrersTag } from './manifest.ts';

/** A manifest or index as far as retention looks into it. */
export interface StoredManifest {
  readonly digest: Digest;
  /** What an index lists; nothing for an image. */
  readonly children: readonly Digest[];
  /** Of an image: some runtimes name what runs by it. */
  readonly config: Digest | undefined;
  /** What it refers to. */
  readonly subject: Digest | undefined;
  /** Label build.number; undefined where it has none or is no build. */
  readonly number: BuildNumber | undefined;
  /** Label org.opencontainers.image.created, else what the config says; undefined where neither is a time. */
  readonly created: Date | undefined;
}

/** A repository of builds, and what is known elsewhere of its digests. */
export interface Inventory {
  readonly tags: ReadonlyMap<string, Digest>;
  /** Of every tag here and in the promoted repository, with the indexes below them, and the referrers of what may go. */
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  /** What runs, and where: a phrase such as `Deployment dev/web of project test`. It may be a child of an index, or a config. */
  readonly running: ReadonlyMap<Digest, string>;
  readonly stable: Digest | undefined;
  /** Digests of the promoted repository's other tags, by such a tag. */
  readonly versions: ReadonlyMap<Digest, string>;
  /** Different digests, the one promoted last first. */
  readonly promoted: readonly Digest[];
  /** Digests that got or lost a tag while this run was reading, by that tag. */
  readonly changed: ReadonlyMap<Digest, string>;
  /** What an earlier run meant to delete and may not have come to. */
  readonly leftovers: ReadonlySet<Digest>;
  /** Those of the leftovers that are not there any more; what belonged to them may still be. */
  readonly gone: ReadonlySet<Digest>;
}

/**
 * The image that a tag belongs to by its name: `sha256-<hex>` (distribution spec 1.1, "Referrers Tag Schema"), `sha256-<hex>.sig`,
 * `.att`, `.sbom` (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md). Undefined for any other tag.
 */
export function ownerOfTag(tag: string): Digest | undefined {
  const owner = `sha256:${tag.slice('sha256-'.length, 'sha256-'.length + 64)}`;
  if (!isDigest(owner)) return undefined;
  const name = referrersTag(owner);
  return tag.startsWith(name) && ['', ...cosignSuffixes].includes(tag.slice(name.length)) ? owner : undefined;
}

/** Whether the tag lists what refers to an image, where the registry has no API for it: `sha256-<hex>` without a suffix. */
export function isReferrersTag(tag: string): boolean {
  const owner = ownerOfTag(tag);
  return owner !== undefined && tag === referrersTag(owner);
}

/** How the manifests of an inventory hang together. */
export interface Relations {
  readonly tagsOf: (digest: Digest) => readonly string[];
  readonly parentsOf: (digest: Digest) => readonly Digest[];
  readonly childrenOf: (digest: Digest) => readonly Digest[];
  readonly subjectOf: (digest: Digest) => Digest | undefined;
  /** Referrers, by their subject, and what the tags named after the digest name. */
  readonly belongingsOf: (digest: Digest) => readonly Digest[];
  /** The images that tags of the digest are named after. */
  readonly ownersOf: (digest: Digest) => readonly Digest[];
  /** Tags named after the digest. */
  readonly namedAfter: (digest: Digest) => readonly string[];
}

export function relationsOf({ tags, manifests }: Pick<Inventory, 'tags' | 'manifests'>): Relations {
  const tagsOf = new Groups<string>();
  const parentsOf = new Groups<Digest>();
  const belongingsOf = new Groups<Digest>();
  const ownersOf = new Groups<Digest>();
  const namedAfter = new Groups<string>();
  for (const [tag, digest] of tags) {
    tagsOf.add(digest, tag);
    const owner = ownerOfTag(tag);
    if (owner === undefined || owner === digest) continue;
    namedAfter.add(owner, tag);
    ownersOf.add(digest, owner);
    belongingsOf.add(owner, digest);
  }
  for (const { digest, children, subject } of manifests.values()) {
    for (const child of children) parentsOf.add(child, digest);
    if (subject !== undefined) belongingsOf.add(subject, digest);
  }
  return {
    tagsOf: (digest) => tagsOf.get(digest),
    parentsOf: (digest) => parentsOf.get(digest),
    childrenOf: (digest) => manifests.get(digest)?.children ?? [],
    subjectOf: (digest) => manifests.get(digest)?.subject,
    belongingsOf: (digest) => belongingsOf.get(digest),
    ownersOf: (digest) => ownersOf.get(digest),
    namedAfter: (digest) => namedAfter.get(digest),
  };
}

class Groups<T> {
  readonly #groups = new Map<Digest, T[]>();

  add(key: Digest, value: T): void {
    const group = this.#groups.get(key);
    if (!group) this.#groups.set(key, [value]);
    else if (!group.includes(value)) group.push(value);
  }

  get(key: Digest): readonly T[] {
    return this.#groups.get(key) ?? [];
  }
}

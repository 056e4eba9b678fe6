import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository } from '../domain/image-reference.ts';
import type { Descriptor, ImageIndex, ImageManifest } from '../domain/manifest.ts';
import { cosignSuffixes, manifestMediaTypes, parseManifest, referrersTag } from '../domain/manifest.ts';
import { RefusedError, RemoteError } from '../errors/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Manifest, Registry } from '../ports/registry.ts';
import type { Lane, Tasks } from './copy-image-tasks.ts';

/** A manifest or index that is copied, with what it says. */
export interface TreeNode {
  readonly manifest: Manifest;
  readonly content: ImageManifest | ImageIndex;
}

export interface TreeSource {
  readonly from: Repository;
  /** Those tags of `from` that may belong to the image, or more. */
  readonly tags: ReadonlySet<string>;
  readonly registry: Registry;
  readonly log: Log;
  /** Referrers that stay where they are. */
  readonly without: (referrer: Descriptor) => boolean;
}

/** More than any image has; each is read, held and written. */
const maxManifests = 1_000;
const maxManifestBytesInAll = 64 * 1024 * 1024;
/** Indexes in indexes, referrers of referrers. */
const maxDepth = 10;

/**
 * Finds all that goes with an image: the children of indexes, what refers to any of them, and cosign's tags. Each manifest is
 * read once and given to `onNode` at once. What an image names and the registry does not have is a RemoteError of status 404.
 */
export class ImageTree {
  readonly nodes = new Map<Digest, TreeNode>();
  /** cosign's tags, and what they name. */
  readonly tags = new Map<string, Manifest>();
  readonly #root: Manifest;
  readonly #source: TreeSource;
  readonly #tasks: Tasks;
  readonly #lane: Lane;
  readonly #onNode: (node: TreeNode) => void;
  readonly #seen = new Set<Digest>();
  #bytes = 0;

  constructor(root: Manifest, source: TreeSource, tasks: Tasks, lane: Lane, onNode: (node: TreeNode) => void) {
    this.#root = root;
    this.#source = source;
    this.#tasks = tasks;
    this.#lane = lane;
    this.#onNode = onNode;
  }

  /** Adds its tasks. They fail with RefusedError (`not-copyable`) for a tree out of bounds, or of what is neither manifest nor index. */
  grow(): void {
    this.#tasks.add(this.#lane, async () => {
      this.#claim(this.#root.digest);
      this.#take(this.#root, 0);
    });
  }

  /** False when it is known already. */
  #claim(digest: Digest): boolean {
    if (this.#seen.has(digest)) return false;
    this.#seen.add(digest);
    if (this.#seen.size > maxManifests) throw this.#refusal(`has more than ${maxManifests} manifests in and around it`);
    return true;
  }

  #take(manifest: Manifest, depth: number): void {
    const content = parseManifest(manifest.bytes, manifest.mediaType, this.#name(manifest.digest));
    this.#bytes += manifest.bytes.length;
    if (this.#bytes > maxManifestBytesInAll)
      throw this.#refusal(`has more than ${maxManifestBytesInAll} bytes of manifests in and around it`);
    const node = { manifest, content };
    this.nodes.set(manifest.digest, node);
    if (content.kind === 'index') for (const child of content.manifests) this.#add('child', child, manifest, depth + 1);
    this.#addReferrers(manifest, depth + 1);
    for (const suffix of cosignSuffixes) this.#addTag(`${referrersTag(manifest.digest)}${suffix}`, depth + 1);
    this.#onNode(node);
  }

  #addReferrers(subject: Manifest, depth: number): void {
    const { from, registry } = this.#source;
    this.#tasks.add(this.#lane, async (signal) => {
      const referrers = await registry.listReferrers(from, subject.digest, signal);
      for (const referrer of referrers)
        if (!this.#source.without(referrer)) this.#add('referrer', referrer, subject, depth);
    });
  }

  #add(kind: 'child' | 'referrer', { digest, mediaType }: Descriptor, of: Manifest, depth: number): void {
    const { from, registry } = this.#source;
    if (!this.#claim(digest)) return;
    const told = `has ${kind} ${digest} of media type ${JSON.stringify(mediaType.slice(0, 120))}`;
    if (!manifestMediaTypes.includes(mediaType))
      throw this.#refusal(`${told}, which is neither a manifest nor an index of OCI or Docker's schema 2`, of.digest);
    if (depth > maxDepth) throw this.#refusal(`is nested deeper than ${maxDepth} levels`, of.digest);
    this.#tasks.add(this.#lane, async (signal) => {
      const manifest = await registry.readManifest(from, digest, signal);
      if (kind === 'referrer' && !this.#refers(manifest, digest, of.digest)) return;
      if (!manifest) throw this.#lacking(`${told}, but ${formatRepository(from)} does not have it`, of.digest);
      if (manifest.mediaType !== mediaType)
        throw this.#refusal(`${told}, but the registry gives it as ${JSON.stringify(manifest.mediaType)}`, of.digest);
      this.#take(manifest, depth);
    });
  }

  /** A list under a tag is kept by hand: it may hold what was deleted since, or what never referred to the subject. */
  #refers(manifest: Manifest | undefined, digest: Digest, subject: Digest): boolean {
    const content = manifest && parseManifest(manifest.bytes, manifest.mediaType, this.#name(digest));
    if (content?.subject?.digest === subject) return true;
    const truth = content ? 'does not name it as its subject' : 'is not there';
    this.#source.log.warning(`${this.#name(digest)} is listed as a referrer of ${subject}, but ${truth}: not copied`);
    return false;
  }

  #addTag(tag: string, depth: number): void {
    const { from, tags, registry } = this.#source;
    if (!tags.has(tag)) return;
    this.#tasks.add(this.#lane, async (signal) => {
      const manifest = await registry.readManifest(from, tag, signal);
      if (!manifest) return;
      this.tags.set(tag, manifest);
      if (this.#claim(manifest.digest)) this.#take(manifest, depth);
    });
  }

  #name(digest: Digest): string {
    return `${formatRepository(this.#source.from)}@${digest}`;
  }

  #lacking(problem: string, digest: Digest): RemoteError {
    const hint = 'Only what can be copied whole is copied.';
    return new RemoteError('registry', `${this.#name(digest)} ${problem}`, { status: 404, retryable: false, hint });
  }

  #refusal(problem: string, digest = this.#root.digest): RefusedError {
    return new RefusedError('not-copyable', `${this.#name(digest)} ${problem}`, {
      hint: 'Only what can be copied whole is copied.',
    });
  }
}

/**
 * The order in which they can be written: each wave needs only those before it. Children come before their index, referrers after
 * their subject.
 */
export function inWaves(nodes: ReadonlyMap<Digest, TreeNode>): readonly (readonly TreeNode[])[] {
  const waves: TreeNode[][] = [];
  const levels = new Map<Digest, number>();
  // A manifest holds the digests of what it needs, so there are no circles.
  const levelOf = (node: TreeNode): number => {
    const known = levels.get(node.manifest.digest);
    if (known !== undefined) return known;
    const needed = needs(node).flatMap((digest) => nodes.get(digest) ?? []);
    const level = Math.max(-1, ...needed.map(levelOf)) + 1;
    levels.set(node.manifest.digest, level);
    return level;
  };
  for (const node of nodes.values()) (waves[levelOf(node)] ??= []).push(node);
  return waves;
}

function needs({ content }: TreeNode): Digest[] {
  const children = content.kind === 'index' ? content.manifests.map(({ digest }) => digest) : [];
  return content.subject ? [...children, content.subject.digest] : children;
}

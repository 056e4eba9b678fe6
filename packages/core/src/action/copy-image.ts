import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository, sameRepository } from '../domain/image-reference.ts';
import type { Descriptor } from '../domain/manifest.ts';
import { RemoteError } from '../errors/errors.ts';
import type { BlobArrival, Manifest, Registry } from '../ports/registry.ts';
import type { ActionContext } from './context.ts';
import type { Lane } from './copy-image-tasks.ts';
import { Tasks } from './copy-image-tasks.ts';
import type { TreeNode } from './copy-image-tree.ts';
import { ImageTree, inWaves } from './copy-image-tree.ts';

export interface CopyRequest {
  readonly digest: Digest;
  readonly from: Repository;
  readonly to: Repository;
  /** What `digest` names, when it was read before: saves a request. */
  readonly manifest?: Manifest;
  /** All tags of `from`, when they were listed before: saves that. */
  readonly fromTags?: readonly string[];
  /** Referrers that are not to be copied; default: all are. */
  readonly without?: (referrer: Descriptor) => boolean;
  /** Set last of all, when everything is there. Not read back. */
  readonly tag?: string;
}

export interface ImageCopy {
  /** What was asked for. */
  readonly manifest: Manifest;
  /** How many manifests were written, with all that refers to the image. */
  readonly manifests: number;
  readonly blobs: Readonly<Record<BlobArrival, number>>;
  /** Of the blobs that went through this program. */
  readonly bytes: number;
}

type Context = Pick<ActionContext, 'log' | 'signal'>;

/** How many blobs and manifests are asked for at once: what stays in a registry is cheap for it, streams share one connection to the world. */
const within = 16;
const between = 4;

/**
 * Brings an image to another repository with all that goes with it: every platform, attestations, referrers and theirs, and what
 * cosign keeps under tags of its own. Byte for byte: digests stay. Blobs come first, then each manifest after those it names
 * ("Pushing Manifests", OCI distribution spec 1.1). Interrupted anywhere, the next run goes on from what is there.
 *
 * Throws RefusedError (`not-copyable`) for media types that it does not know and for trees out of bounds, RemoteError (`registry`; status
 * 404 names what `from` lacks). Foreign layers are copied where they are stored.
 */
export async function copyImage(request: CopyRequest, registry: Registry, context: Context): Promise<ImageCopy> {
  const { from, to, tag } = request;
  if (sameRepository(from, to)) {
    const manifest = await readSource(request, registry, context.signal);
    if (tag !== undefined) await registry.writeManifest(to, tag, manifest, context.signal);
    return { manifest, manifests: 0, blobs: { there: 0, mounted: 0, copied: 0 }, bytes: 0 };
  }
  return new Copy(request, registry, context).run();
}

/** The manifest itself: as it was given, or read from `from`. */
export async function readSource(
  { digest, from, manifest }: CopyRequest,
  registry: Registry,
  signal: AbortSignal,
): Promise<Manifest> {
  const found = manifest ?? (await registry.readManifest(from, digest, signal));
  if (found?.digest === digest) return found;
  const lacking = `${formatRepository(from)} has no manifest ${digest}`;
  throw new RemoteError('registry', lacking, { status: 404, retryable: false });
}

class Copy {
  readonly #request: CopyRequest;
  readonly #registry: Registry;
  readonly #context: Context;
  readonly #tasks: Tasks;
  readonly #manifests: Lane = { limit: within };
  readonly #blobs: Lane;
  readonly #started = new Set<Digest>();
  readonly #arrived = { there: 0, mounted: 0, copied: 0 };
  #bytes = 0;

  constructor(request: CopyRequest, registry: Registry, context: Context) {
    this.#request = request;
    this.#registry = registry;
    this.#context = context;
    this.#tasks = new Tasks(context.signal);
    this.#blobs = request.from.host === request.to.host ? this.#manifests : { limit: between };
  }

  async run(): Promise<ImageCopy> {
    const { from, fromTags } = this.#request;
    const { signal, log } = this.#context;
    const [root, tags] = await Promise.all([
      readSource(this.#request, this.#registry, signal),
      fromTags ?? this.#registry.listTags(from, signal),
    ]);
    const source = {
      from,
      tags: new Set(tags),
      registry: this.#registry,
      log,
      without: this.#request.without ?? (() => false),
    };
    const tree = new ImageTree(root, source, this.#tasks, this.#manifests, (node) => this.#addBlobs(node));
    tree.grow();
    await this.#tasks.done();
    await this.#write(tree, root);
    const copy = { manifest: root, manifests: tree.nodes.size, blobs: this.#arrived, bytes: this.#bytes };
    log.info(this.#sentence(copy));
    return copy;
  }

  #addBlobs({ manifest, content }: TreeNode): void {
    if (content.kind === 'index') return;
    for (const blob of [content.config, ...content.layers]) {
      if (this.#started.has(blob.digest)) continue;
      this.#started.add(blob.digest);
      this.#tasks.add(this.#blobs, (signal) => this.#copyBlob(blob, manifest, signal));
    }
  }

  async #copyBlob(blob: Descriptor, manifest: Manifest, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#request;
    const { log } = this.#context;
    let arrival: BlobArrival;
    try {
      arrival = await this.#registry.copyBlob(blob, from, to, signal);
    } catch (error) {
      if (!(error instanceof RemoteError) || error.status !== 404) throw error;
      if (blob.isForeign) return log.debug(`foreign layer ${blob.digest} is not stored in ${formatRepository(from)}`);
      const message = `blob ${blob.digest}, which manifest ${manifest.digest} names, cannot be copied: ${error.message}`;
      const { status, retryable, hint } = error;
      throw new RemoteError('registry', message, { status, retryable, hint, cause: error });
    }
    this.#arrived[arrival]++;
    if (arrival === 'copied') this.#bytes += blob.size;
    log.debug(`blob ${blob.digest}, ${blob.size} bytes: ${arrival}`);
  }

  /** All but the root, cosign's tags, the root, the tag: whatever names something is there after it. */
  async #write(tree: ImageTree, root: Manifest): Promise<void> {
    const { to, tag } = this.#request;
    const { signal } = this.#context;
    const waves = inWaves(tree.nodes);
    const last = waves.at(-1) ?? [];
    const rootIsLast = last.length === 1 && last[0]?.manifest.digest === root.digest;
    for (const wave of rootIsLast ? waves.slice(0, -1) : waves) await this.#writeWave(wave);
    for (const [name, manifest] of tree.tags) await this.#writeTag(name, manifest);
    if (rootIsLast) await this.#registry.writeManifest(to, tag ?? root.digest, root, signal);
    else if (tag !== undefined) await this.#registry.writeManifest(to, tag, root, signal);
  }

  async #writeWave(wave: readonly TreeNode[]): Promise<void> {
    const { to } = this.#request;
    for (const { manifest } of wave) {
      this.#tasks.add(this.#manifests, (signal) => this.#registry.writeManifest(to, manifest.digest, manifest, signal));
    }
    await this.#tasks.done();
  }

  /** What was signed in `to` stays: one tag holds all signatures, and cannot be joined with another. */
  async #writeTag(tag: string, manifest: Manifest): Promise<void> {
    const { to } = this.#request;
    const { signal, log } = this.#context;
    const there = await this.#registry.readManifest(to, tag, signal);
    if (there?.digest === manifest.digest) return;
    if (!there) return this.#registry.writeManifest(to, tag, manifest, signal);
    log.warning(
      `tag ${tag} of ${formatRepository(to)} names ${there.digest} and keeps it; in ${formatRepository(this.#request.from)} it names ${manifest.digest}`,
    );
  }

  #sentence({ manifests, blobs, bytes }: ImageCopy): string {
    const { digest, from, to } = this.#request;
    const moved = `${blobs.mounted} mounted, ${blobs.copied} copied (${bytes} bytes), ${blobs.there} there already`;
    return `copied ${digest} from ${formatRepository(from)} to ${formatRepository(to)}: manifests ${manifests}, blobs ${moved}`;
  }
}

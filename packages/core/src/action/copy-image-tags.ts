import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository } from '../domain/image-reference.ts';
import { ActionError } from '../errors/errors.ts';
import type { Manifest, Registry } from '../ports/registry.ts';
import type { ActionContext } from './context.ts';
import type { CopyRequest, ImageCopy } from './copy-image.ts';
import { copyImage, readSource } from './copy-image.ts';

/** What a tag named when it was looked at; undefined: nothing. */
export interface TagState {
  readonly tag: string;
  readonly digest: Digest | undefined;
}

export interface Delivery extends Omit<CopyRequest, 'tag'> {
  /** To be set in `to`, in this order: what others follow comes last. With what they named when it was decided to set them. */
  readonly tags: readonly TagState[];
  /** Done when all else is there, before the last of the tags is written; not at all when that names the digest already. */
  readonly beforeLast?: (manifest: Manifest) => Promise<void>;
}

export interface Delivered {
  readonly manifest: Manifest;
  /** Undefined: a tag named the digest already, so all was there. */
  readonly copy: ImageCopy | undefined;
  /** The tags that were moved. */
  readonly written: readonly string[];
}

type Context = Pick<ActionContext, 'log' | 'clock' | 'signal'>;

/** Whoever looked at a tag before this run moved it has written it by then. */
const settleMs = 1_000;

/** What tags name now; a request for each, at the same time. */
export async function readTags(
  repository: Repository,
  tags: readonly string[],
  registry: Registry,
  signal: AbortSignal,
): Promise<readonly TagState[]> {
  const read = async (tag: string) => ({
    tag,
    digest: (await registry.readManifest(repository, tag, signal))?.digest,
  });
  return Promise.all(tags.map(read));
}

/**
 * Copies an image whole and then sets tags, one after the other; those that name it already are left alone. As a tag is only ever set
 * after all of the image, one that names it says that nothing is to be copied. Looks at what was set once more in the end, a second
 * later. Throws what copyImage and setTag throw.
 */
export async function copyAndTag(delivery: Delivery, registry: Registry, context: Context): Promise<Delivered> {
  const { digest, to, tags } = delivery;
  const { signal, clock } = context;
  const isThere = tags.some((state) => state.digest === digest);
  const copy = isThere ? undefined : await copyImage(delivery, registry, context);
  const manifest = copy?.manifest ?? (await readSource({ ...delivery, from: to }, registry, signal));
  const written: TagState[] = [];
  for (const state of tags) {
    // The last one is read back below.
    const isLast = state === tags.at(-1);
    if (isLast && state.digest !== digest) await delivery.beforeLast?.(manifest);
    const set = isLast ? writeTag : setTag;
    if (await set(to, state, manifest, registry, signal)) written.push(state);
  }
  if (written.length > 0) await clock.sleep(settleMs, signal);
  await Promise.all(written.map((state) => checkTag(to, state, manifest, registry, signal)));
  return { manifest, copy, written: written.map(({ tag }) => tag) };
}

/**
 * Moves a tag from what it named when it was looked at, and reads it back; false when it names the manifest already. Registries cannot
 * compare and set (OCI distribution spec 1.1, "Pushing Manifests"), so it is compared as late as can be, and looked at afterwards.
 * Throws ActionError (`race-lost`), which names both digests, when somebody else has moved it.
 */
export async function setTag(
  repository: Repository,
  before: TagState,
  manifest: Manifest,
  registry: Registry,
  signal: AbortSignal,
): Promise<boolean> {
  const written = await writeTag(repository, before, manifest, registry, signal);
  if (written) await checkTag(repository, before, manifest, registry, signal);
  return written;
}

async function writeTag(
  repository: Repository,
  before: TagState,
  manifest: Manifest,
  registry: Registry,
  signal: AbortSignal,
): Promise<boolean> {
  if (before.digest === manifest.digest) return false;
  const now = (await registry.readManifest(repository, before.tag, signal))?.digest;
  if (now === manifest.digest) return false;
  if (now !== before.digest) {
    const story = `was to move from ${nameOf(before.digest)} to ${manifest.digest}, but names ${nameOf(now)} by now`;
    throw lost(repository, before, `${story} and is left so`);
  }
  await registry.writeManifest(repository, before.tag, manifest, signal);
  return true;
}

async function checkTag(
  repository: Repository,
  before: TagState,
  manifest: Manifest,
  registry: Registry,
  signal: AbortSignal,
): Promise<void> {
  const now = (await registry.readManifest(repository, before.tag, signal))?.digest;
  if (now === manifest.digest) return;
  throw lost(repository, before, `was set to ${manifest.digest}, but names ${nameOf(now)} when it is read back`);
}

function nameOf(digest: Digest | undefined): string {
  return digest ?? 'nothing';
}

function lost(repository: Repository, { tag }: TagState, story: string): ActionError {
  return new ActionError('race-lost', `tag ${tag} of ${formatRepository(repository)} ${story}`, {
    hint: 'Somebody else has moved it at the same time. See which of the two is to be, and run again if it is this one.',
  });
}

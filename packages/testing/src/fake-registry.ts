import type { Digest } from '@delivery/core/domain/digest';
import { digestOf, isDigest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository, isTag } from '@delivery/core/domain/image-reference';
import type { Descriptor } from '@delivery/core/domain/manifest';
import { parseManifest, referrersTag } from '@delivery/core/domain/manifest';
import { RemoteError } from '@delivery/core/errors/errors';
import type { BlobArrival, Manifest, Registry } from '@delivery/core/ports/registry';
import type { ImageFixture } from './image-fixture.ts';
import { RegistryStore } from './registry-store.ts';

/** One use of the port; `reference` is a tag or a digest, empty for listTags. */
export interface RegistryCall {
  readonly method: keyof Registry;
  readonly repository: string;
  readonly reference: string;
}

/** A registry in memory, for tests of `run`. It keeps the contract of packages/testing/src/contracts/registry.ts. */
export class FakeRegistry implements Registry {
  readonly calls: RegistryCall[] = [];
  /** Runs before each call is answered: what it throws is the answer, what it changes is seen. For faults and races. */
  onCall: (call: RegistryCall) => void | Promise<void> = () => undefined;
  /** False: it only deletes manifests, as distribution 2.8 does. */
  deletesTags = true;
  readonly #store = new RegistryStore();

  seedBlob(repository: Repository, bytes: Uint8Array): Digest {
    return this.#store.putBlob(formatRepository(repository), bytes);
  }

  /** As if a builder had pushed it. Not counted in `calls`. */
  seedImage(repository: Repository, tag: string, image: ImageFixture): Digest {
    for (const blob of image.blobs) this.seedBlob(repository, blob);
    this.#put(repository, tag, image.manifest);
    return image.manifest.digest;
  }

  /** The digest that a tag names now. Not counted in `calls`. */
  digestOf(repository: Repository, tag: string): Digest | undefined {
    return this.#store.manifest(formatRepository(repository), tag)?.digest;
  }

  /** The tags written so far through the port, in order. */
  get written(): string[] {
    return this.calls
      .filter(({ method }) => method === 'writeManifest')
      .map(({ repository, reference }) => `${repository}:${reference}`);
  }

  async readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest | undefined> {
    checkReference(reference);
    await this.#called('readManifest', repository, reference, signal);
    return this.#store.manifest(formatRepository(repository), reference);
  }

  async readBlob(repository: Repository, digest: Digest, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.#called('readBlob', repository, digest, signal);
    const bytes = this.#store.blob(formatRepository(repository), digest);
    if (!bytes) throw failure(`${formatRepository(repository)} has no blob ${digest}`, 404);
    if (bytes.length > maxBytes) throw failure(`blob ${digest} is larger than ${maxBytes} bytes`, undefined);
    return bytes;
  }

  async writeManifest(repository: Repository, tag: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
    checkReference(tag);
    const computed = digestOf(manifest.bytes);
    if (manifest.digest !== computed || (isDigest(tag) && tag !== computed))
      throw failure(`writing manifest ${tag} failed: its digest is ${computed}`, undefined);
    await this.#called('writeManifest', repository, tag, signal);
    this.#put(repository, tag, manifest);
  }

  async listReferrers(repository: Repository, subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]> {
    await this.#called('listReferrers', repository, subject, signal);
    const name = formatRepository(repository);
    const listed = this.#store.manifest(name, referrersTag(subject));
    const index = listed && parseManifest(listed.bytes, listed.mediaType, name);
    const byTag = index?.kind === 'index' ? index.manifests : [];
    const known = this.#store.referrers(name, subject);
    return [...known, ...byTag.filter(({ digest }) => !known.some((other) => other.digest === digest))];
  }

  async writeBlob(repository: Repository, bytes: Uint8Array, signal: AbortSignal): Promise<Digest> {
    await this.#called('writeBlob', repository, digestOf(bytes), signal);
    return this.seedBlob(repository, bytes);
  }

  async copyBlob(
    { digest }: Pick<Descriptor, 'digest' | 'size'>,
    from: Repository,
    to: Repository,
    signal: AbortSignal,
  ): Promise<BlobArrival> {
    await this.#called('copyBlob', to, digest, signal);
    if (this.#store.blob(formatRepository(to), digest)) return 'there';
    const copied = this.#store.mountBlob(formatRepository(from), formatRepository(to), digest);
    if (!copied) throw failure(`${formatRepository(from)} has no blob ${digest}`, 404);
    return from.host === to.host ? 'mounted' : 'copied';
  }

  async remove(
    repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<'removed' | 'absent' | 'unsupported'> {
    checkReference(reference);
    await this.#called('remove', repository, reference, signal);
    if (isTag(reference) && !this.deletesTags) return 'unsupported';
    return this.#store.remove(formatRepository(repository), reference) ? 'removed' : 'absent';
  }

  async listTags(repository: Repository, signal: AbortSignal): Promise<string[]> {
    await this.#called('listTags', repository, '', signal);
    return this.#store.tags(formatRepository(repository)) ?? [];
  }

  #put(repository: Repository, tag: string, { mediaType, bytes }: Manifest): void {
    const missing = this.#store.putManifest(formatRepository(repository), tag, mediaType, bytes);
    if (missing) throw failure(`${formatRepository(repository)} has no ${missing}, which the manifest names`, 400);
  }

  async #called(method: keyof Registry, repository: Repository, reference: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const call = { method, repository: formatRepository(repository), reference };
    this.calls.push(call);
    await this.onCall(call);
  }
}

function checkReference(reference: string): void {
  if (!isTag(reference) && !isDigest(reference))
    throw failure(`${JSON.stringify(reference)} is neither a tag nor a digest`, undefined);
}

function failure(message: string, status: number | undefined): RemoteError {
  return new RemoteError('registry', message, { status, retryable: false });
}

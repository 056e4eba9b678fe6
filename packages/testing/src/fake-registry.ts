import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository, isTag } from '@delivery/core/domain/image-reference';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
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
    await this.#called('writeManifest', repository, tag, signal);
    this.#put(repository, tag, manifest);
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

import type { Digest } from '@delivery/core/domain/digest';
import { parseManifest } from '@delivery/core/domain/manifest';
import type { Manifest } from '@delivery/core/ports/registry';
import { digestOf } from './image-fixture.ts';

/** What a registry keeps, by repository; the fake of the port and the HTTP server stand on it. */
export class RegistryStore {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, Manifest>();
  readonly #tags = new Map<string, Map<string, Digest>>();

  putBlob(repository: string, bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  blob(repository: string, digest: string): Uint8Array | undefined {
    return this.#blobs.get(`${repository}@${digest}`);
  }

  manifest(repository: string, reference: string): Manifest | undefined {
    const digest = this.#tags.get(repository)?.get(reference) ?? reference;
    return this.#manifests.get(`${repository}@${digest}`);
  }

  /** Undefined, and the tag set, when all that the manifest names is there; else the first digest that is missing. */
  putManifest(repository: string, tag: string, mediaType: string, bytes: Uint8Array): Digest | undefined {
    const content = parseManifest(bytes, mediaType, repository);
    const missing =
      content.kind === 'index'
        ? content.manifests.find(({ digest }) => !this.manifest(repository, digest))
        : [content.config, ...content.layers].find(({ digest }) => !this.blob(repository, digest));
    if (missing) return missing.digest;
    const digest = digestOf(bytes);
    this.#manifests.set(`${repository}@${digest}`, { mediaType, digest, bytes: Uint8Array.from(bytes) });
    this.tag(repository, tag, digest);
    return undefined;
  }

  /** Sets a tag and nothing else: for lists of thousands. */
  tag(repository: string, tag: string, digest: Digest): void {
    const tags = this.#tags.get(repository) ?? new Map<string, Digest>();
    this.#tags.set(repository, tags.set(tag, digest));
  }

  /** In the order of the specification ("Listing tags": lexical); undefined when nothing was ever tagged. */
  tags(repository: string): string[] | undefined {
    const tags = this.#tags.get(repository);
    return tags && [...tags.keys()].sort();
  }
}

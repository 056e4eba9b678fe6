import type { Digest } from '@delivery/core/domain/digest';
import { digestOf, isDigest } from '@delivery/core/domain/digest';
import type { Descriptor } from '@delivery/core/domain/manifest';
import { parseManifest } from '@delivery/core/domain/manifest';
import type { Manifest } from '@delivery/core/ports/registry';

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

  /** As a registry mounts it: undefined when `from` has none. */
  mountBlob(from: string, to: string, digest: Digest): Digest | undefined {
    const bytes = this.blob(from, digest);
    return bytes && this.putBlob(to, bytes);
  }

  blob(repository: string, digest: string): Uint8Array | undefined {
    return this.#blobs.get(`${repository}@${digest}`);
  }

  manifest(repository: string, reference: string): Manifest | undefined {
    const digest = this.#tags.get(repository)?.get(reference) ?? reference;
    return this.#manifests.get(`${repository}@${digest}`);
  }

  /** Throws for what is no manifest, or not that of the digest. Undefined, and the tag set (none for a digest), when all that the manifest names is there; else the first digest that is missing. */
  putManifest(repository: string, reference: string, mediaType: string, bytes: Uint8Array): Digest | undefined {
    const content = parseManifest(bytes, mediaType, repository);
    const digest = digestOf(bytes);
    if (isDigest(reference) && reference !== digest) throw new TypeError(`the digest is ${digest}, not ${reference}`);
    const missing =
      content.kind === 'index'
        ? content.manifests.find(({ digest }) => !this.manifest(repository, digest))
        : [content.config, ...content.layers].find(
            ({ digest, isForeign }) => !isForeign && !this.blob(repository, digest),
          );
    if (missing) return missing.digest;
    this.#manifests.set(`${repository}@${digest}`, { mediaType, digest, bytes: Uint8Array.from(bytes) });
    if (reference !== digest) this.tag(repository, reference, digest);
    return undefined;
  }

  /** What names `subject` as its subject, in the order of their digests. */
  referrers(repository: string, subject: Digest): Descriptor[] {
    const prefix = `${repository}@`;
    const found = [...this.#manifests].flatMap(([key, { mediaType, digest, bytes }]): Descriptor[] => {
      if (!key.startsWith(prefix)) return [];
      const content = parseManifest(bytes, mediaType, repository);
      if (content.subject?.digest !== subject) return [];
      const { annotations } = content;
      const artifactType = content.artifactType ?? (content.kind === 'image' ? content.config.mediaType : undefined);
      const size = bytes.length;
      return [{ mediaType, digest, size, platform: undefined, annotations, artifactType, isForeign: false }];
    });
    return found.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  /** The tag alone, or the manifest with all its tags; false when there was none. */
  remove(repository: string, reference: string): boolean {
    const tags = this.#tags.get(repository);
    if (tags?.delete(reference)) return true;
    for (const [tag, digest] of tags ?? []) if (digest === reference) tags?.delete(tag);
    return this.#manifests.delete(`${repository}@${reference}`);
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

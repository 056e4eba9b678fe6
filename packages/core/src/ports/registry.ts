import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';

/** A manifest or index, byte for byte as the registry keeps it; `digest` is computed from `bytes`, not believed. */
export interface Manifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/**
 * An OCI registry (distribution spec 1.1; Docker's v2 media types are understood as well). Requests that are safe to
 * repeat are repeated on 429, 5xx and lost connections, within the signal's time. Throws RemoteError (`registry`).
 */
export interface Registry {
  /** GET the manifest of a tag or digest; undefined when the registry has none ("Pulling manifests"). */
  readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest | undefined>;
  /** GET a small blob such as an image's config, checked against its digest; throws above `maxBytes` ("Pulling blobs"). */
  readBlob(repository: Repository, digest: Digest, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** PUT a manifest whose blobs are there already; the answer is not trusted, so read back ("Pushing manifests"). */
  writeManifest(repository: Repository, tag: string, manifest: Manifest, signal: AbortSignal): Promise<void>;
  /** All tags in the registry's order, over all pages; none when the repository does not exist ("Listing tags"). */
  listTags(repository: Repository, signal: AbortSignal): Promise<string[]>;
}

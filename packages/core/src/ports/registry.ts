import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import type { Descriptor } from '../domain/manifest.ts';

/** A manifest or index, byte for byte as the registry keeps it; `digest` is computed from `bytes`, not believed. */
export interface Manifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** How a blob came to be in a repository: it was there, the registry has linked it, or its bytes went through this program. */
export type BlobArrival = 'there' | 'mounted' | 'copied';

/**
 * An OCI registry (distribution spec 1.1; Docker's v2 media types are understood as well). Requests that are safe to
 * repeat are repeated on 429, 5xx and lost connections, within the signal's time. Throws RemoteError (`registry`).
 */
export interface Registry {
  /** GET the manifest of a tag or digest; undefined when the registry has none ("Pulling manifests"). */
  readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest | undefined>;
  /** GET a small blob such as an image's config, checked against its digest; throws above `maxBytes` ("Pulling blobs"). */
  readBlob(repository: Repository, digest: Digest, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** All tags in the registry's order, over all pages; none when the repository does not exist ("Listing tags"). */
  listTags(repository: Repository, signal: AbortSignal): Promise<string[]>;
  /**
   * What refers to a digest as its `subject`, each with artifactType and annotations ("Listing Referrers"; by the tag
   * `sha256-<hex>` where the registry has no such API). None when there is no such manifest.
   */
  listReferrers(repository: Repository, subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]>;
  /**
   * PUT a manifest under a tag or its own digest; its blobs and children are there already. The answer is not trusted, so read back
   * ("Pushing manifests"). One with a `subject` is listed as its referrer afterwards, whether the registry does that itself or not.
   */
  writeManifest(repository: Repository, reference: string, manifest: Manifest, signal: AbortSignal): Promise<void>;
  /** Uploads a small blob, unless it is there ("Pushing blobs"). */
  writeBlob(repository: Repository, bytes: Uint8Array, signal: AbortSignal): Promise<Digest>;
  /**
   * Brings a blob from one repository to another: mounted within a registry, else streamed, a piece at a time, and checked against its
   * digest ("Mounting a blob from another repository", "Pushing blobs"). `size` in bytes. RemoteError status 404: `from` has none.
   */
  copyBlob(
    blob: Pick<Descriptor, 'digest' | 'size'>,
    from: Repository,
    to: Repository,
    signal: AbortSignal,
  ): Promise<BlobArrival>;
  /**
   * DELETE a tag, or a manifest with all its tags ("Deleting tags", "Deleting Manifests"). `absent`: there was none. `unsupported`:
   * the registry does not do that (405, or its code UNSUPPORTED); nothing was changed.
   */
  remove(repository: Repository, reference: string, signal: AbortSignal): Promise<'removed' | 'absent' | 'unsupported'>;
}

import type { Digest } from '../domain/digest.ts';

/** What GitHub keeps for one manifest of a package of the container registry. */
export interface PackageVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly tags: readonly string[];
}

export interface PackagePage {
  readonly versions: readonly PackageVersion[];
  readonly isLast: boolean;
}

/**
 * The versions of one package of ghcr.io, whose registry deletes nothing itself (docs.github.com/rest/packages, version 2022-11-28).
 * Throws RemoteError (`github`). After an answer that says when the next request is allowed, none is sent before that time: it is
 * refused with `retryAfterMs`.
 */
export interface PackageVersions {
  /** 100 versions, pages counting from 1. One request; the first of all makes one more where the owner is a user. */
  listPage(page: number, signal: AbortSignal): Promise<PackagePage>;
  /**
   * Deletes a version: the manifest with all its tags. One request. Status 400, 403 or 422, not retryable, where GitHub refuses this
   * one, such as the last tagged version, or a public one with more than 5,000 downloads. `absent`: GitHub answers 404, which it also
   * does where the role admin of the package is missing: only the list tells.
   */
  remove(id: number, signal: AbortSignal): Promise<'removed' | 'absent'>;
}

import type { Digest } from '@delivery/core/domain/digest';
import { RemoteError } from '@delivery/core/errors/errors';
import type { PackagePage, PackageVersion, PackageVersions } from '@delivery/core/ports/package-versions';
import type { RateLimits } from './rate-limits.ts';

export interface FakeVersion extends PackageVersion {
  /** More than 5,000 of a public one: GitHub does not delete it. */
  readonly downloads: number;
}

const pageSize = 100;

/** The versions of a package in memory, the newest first. */
export class FakePackageVersions implements PackageVersions {
  readonly calls: { readonly method: keyof PackageVersions; readonly value: number }[] = [];
  /** Called once a version is deleted, with its digest. What it throws is what the call throws: an answer that is lost. */
  onRemove: (digest: Digest) => void = () => {};
  /** When it gives an error, the call fails with it before anything is done. */
  failWith: (method: keyof PackageVersions) => RemoteError | undefined = () => undefined;
  /** False: the token may list and not delete, which GitHub answers with 404. */
  isAdmin = true;
  #versions: FakeVersion[] = [];
  #lastId = 0;
  #notBefore = 0;
  readonly #limits: RateLimits | undefined;
  readonly #permissions: readonly string[];

  constructor(options: { limits?: RateLimits; permissions?: readonly string[]; of?: FakePackageVersions } = {}) {
    const { limits, permissions = ['packages: read', 'packages: write'], of } = options;
    this.#limits = limits;
    this.#permissions = permissions;
    if (of) this.#versions = of.#versions;
  }

  get versions(): readonly FakeVersion[] {
    return this.#versions;
  }

  /** A push of a manifest: its tags move from the versions that had them. */
  push(digest: Digest, tags: readonly string[] = [], downloads = 0): number {
    const known = this.#versions.find((version) => version.digest === digest);
    for (const [at, version] of this.#versions.entries())
      this.#versions[at] = { ...version, tags: version.tags.filter((tag) => !tags.includes(tag)) };
    if (known) {
      const at = this.#versions.findIndex(({ id }) => id === known.id);
      this.#versions[at] = { ...known, tags: [...new Set([...known.tags, ...tags])] };
      return known.id;
    }
    this.#lastId += 1;
    this.#versions.unshift({ id: this.#lastId, digest, tags, downloads });
    return this.#lastId;
  }

  /** GitHub does not list it any more; the registry has it. */
  hide(digest: Digest): void {
    this.#versions = this.#versions.filter((version) => version.digest !== digest);
  }

  async listPage(page: number, signal: AbortSignal): Promise<PackagePage> {
    this.#answer('listPage', page, 'packages: read', signal);
    const versions = this.#versions.slice((page - 1) * pageSize, page * pageSize);
    return {
      versions: versions.map(({ id, digest, tags }) => ({ id, digest, tags })),
      isLast: page * pageSize >= this.#versions.length,
    };
  }

  async remove(id: number, signal: AbortSignal): Promise<'removed' | 'absent'> {
    this.#answer('remove', id, 'packages: write', signal);
    const version = this.#versions.find((one) => one.id === id);
    if (!version || !this.isAdmin) return 'absent';
    const refused = refusalOf(version, this.#versions);
    if (refused) throw new RemoteError('github', refused.message, { status: refused.status, retryable: false });
    this.#versions.splice(this.#versions.indexOf(version), 1);
    this.onRemove(version.digest);
    return 'removed';
  }

  #answer(method: keyof PackageVersions, value: number, permission: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    const limits = this.#limits;
    const waitMs = limits ? this.#notBefore - limits.now() : 0;
    if (waitMs > 0) throw limited(waitMs);
    this.calls.push({ method, value });
    const failure = this.failWith(method);
    if (failure) throw failure;
    if (limits) this.#spend(limits, method === 'remove');
    if (!this.#permissions.includes(permission))
      throw new RemoteError('github', 'not accessible', { status: 403, retryable: false, hint: `add ${permission}` });
  }

  #spend(limits: RateLimits, writes: boolean): void {
    const { refused, headers } = limits.take(writes);
    const untilReset = Number(headers['x-ratelimit-reset']) * 1000 - limits.now();
    const isLast = headers['x-ratelimit-remaining'] === '0';
    const waitMs = Number(headers['retry-after'] ?? 0) * 1000 || (isLast ? untilReset : 0);
    this.#notBefore = limits.now() + waitMs;
    if (refused !== undefined) throw limited(waitMs);
  }
}

/** What GitHub answers where it does not delete a version; undefined where it does. */
export function refusalOf(
  version: Pick<FakeVersion, 'id' | 'tags' | 'downloads'>,
  all: readonly Pick<FakeVersion, 'id' | 'tags'>[],
): { readonly status: 400 | 403; readonly message: string } | undefined {
  if (version.downloads > 5000)
    return {
      status: 403,
      message: 'Publicly visible package versions with more than 5000 downloads cannot be deleted.',
    };
  const others = all.filter(({ id, tags }) => id !== version.id && tags.length > 0);
  if (version.tags.length > 0 && others.length === 0)
    return {
      status: 400,
      message: 'You cannot delete the last tagged version of a package. You must delete the package instead.',
    };
  return undefined;
}

function limited(retryAfterMs: number): RemoteError {
  return new RemoteError('github', 'the limit is reached', { status: 403, retryable: true, retryAfterMs });
}

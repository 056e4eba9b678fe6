import { ask } from '@delivery/core/action/ask';
import type { ActionContext } from '@delivery/core/action/context';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { RemoteError } from '@delivery/core/errors/errors';
import type { PackageVersion, PackageVersions } from '@delivery/core/ports/package-versions';
import type { Registry } from '@delivery/core/ports/registry';
import type { Pace } from './pace.ts';
import { points } from './pace.ts';

export type Removed = 'removed' | 'absent' | 'unsupported' | Refused;

/** `isPermission`: whoever asks may not delete, whichever version it is. */
export interface Refused {
  readonly refused: string;
  readonly isPermission: boolean;
}

/** How a repository forgets. Throws RemoteError for what stops the run. */
export interface Remover {
  /** Whether manifests can be deleted at all. One request, which changes nothing. */
  canRemove(signal: AbortSignal): Promise<boolean>;
  removeTag(tag: string, signal: AbortSignal): Promise<Removed>;
  /** The manifest with all its tags. */
  removeManifest(digest: Digest, signal: AbortSignal): Promise<Removed>;
  /** After these were pushed by this run. */
  learn(digest: Digest, signal: AbortSignal): Promise<void>;
}

const nobodys: Digest = `sha256:${'0'.repeat(64)}`;

export function registryRemover(repository: Repository, registry: Registry): Remover {
  return {
    canRemove: async (signal) => (await registry.remove(repository, nobodys, signal)) !== 'unsupported',
    removeTag: (tag, signal) => registry.remove(repository, tag, signal),
    removeManifest: (digest, signal) => registry.remove(repository, digest, signal),
    learn: async () => undefined,
  };
}

export interface PackageOptions extends Pick<ActionContext, 'clock' | 'log'> {
  readonly packages: PackageVersions;
  readonly pace: Pace;
  readonly deadline: Date;
  /** Whether the registry has the manifest. */
  readonly isThere: (digest: Digest, signal: AbortSignal) => Promise<boolean>;
}

/** All versions by their digests: one request for each hundred. */
export async function readVersions(options: PackageOptions, signal: AbortSignal): Promise<Map<Digest, PackageVersion>> {
  const versions = new Map<Digest, PackageVersion>();
  for (let page = 1; page <= maxPages; page += 1) {
    const { versions: found, isLast } = await readPage(page, options, signal);
    for (const version of found) versions.set(version.digest, version);
    if (isLast) return versions;
  }
  throw new RemoteError('github', `the package has more than ${maxPages} pages of versions`, { retryable: false });
}

const maxPages = 10_000;

/** Deletes versions of a package, as fast as GitHub's limits allow. What `versions` does not have is asked of the registry. */
export function packageRemover(versions: Map<Digest, PackageVersion>, options: PackageOptions): Remover {
  const { packages, pace, deadline } = options;
  return {
    canRemove: async () => true,
    removeTag: async () => 'unsupported',
    async removeManifest(digest, signal) {
      const version = versions.get(digest);
      if (!version) return (await options.isThere(digest, signal)) ? unlisted : 'absent';
      await pace.spend(points.write, signal);
      try {
        const remove = (within: AbortSignal) => packages.remove(version.id, within);
        const end = (await ask(remove, deadline, { ...options, signal })) ?? notAnswered();
        // 404 stands for both: there is no such version, and the token may not delete it.
        return end === 'absent' && (await isListed(version, options, signal)) ? notAdmin : end;
      } catch (error) {
        const refused = refusalOf(error);
        if (!refused) throw error;
        return refused;
      }
    },
    async learn(digest, signal) {
      const { versions: newest } = await readPage(1, options, signal);
      const version = newest.find((one) => one.digest === digest);
      if (version) versions.set(digest, version);
    },
  };
}

const unlisted: Refused = {
  refused: "GitHub's list of the package's versions does not have it, though the registry does",
  isPermission: false,
};

const notAdmin: Refused = {
  refused: 'GitHub answers that there is no such version, and lists it: the role admin of the package is missing',
  isPermission: true,
};

/** What GitHub says of a single version, in whichever of its statuses: docs.github.com, "Deleting and restoring a package". */
const ofOneVersion = /downloads|last tagged version/i;

function refusalOf(error: unknown): Refused | undefined {
  if (!(error instanceof RemoteError) || error.retryable) return undefined;
  const { message, hint, status = 0 } = error;
  if (![400, 403, 404, 422].includes(status)) return undefined;
  return {
    refused: [message, hint].filter((part) => part !== undefined).join('. '),
    isPermission: (status === 403 || status === 404) && !ofOneVersion.test(message),
  };
}

async function isListed({ id }: PackageVersion, options: PackageOptions, signal: AbortSignal): Promise<boolean> {
  for (let page = 1; page <= maxPages; page += 1) {
    const { versions, isLast } = await readPage(page, options, signal);
    if (versions.some((version) => version.id === id)) return true;
    if (isLast) return false;
  }
  return true;
}

async function readPage(page: number, options: PackageOptions, signal: AbortSignal) {
  await options.pace.spend(points.read, signal);
  const read = (within: AbortSignal) => options.packages.listPage(page, within);
  return (await ask(read, options.deadline, { ...options, signal })) ?? notAnswered();
}

function notAnswered(): never {
  throw new RemoteError('github', "GitHub's API did not answer in time", { retryable: true });
}

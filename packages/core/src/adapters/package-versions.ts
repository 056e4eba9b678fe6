import { z } from 'zod';
import { isDigest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository, isTag } from '../domain/image-reference.ts';
import { RemoteError } from '../errors/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { PackagePage, PackageVersions } from '../ports/package-versions.ts';
import type { GitHubClient } from './github-client.ts';
import { openGitHubClient, sendToGitHub } from './github-client.ts';

export interface PackageVersionsOptions {
  readonly token: string;
  readonly apiUrl: string;
  /** `ghcr.io/OWNER/NAME`; the name may have more parts. */
  readonly repository: Repository;
  readonly clock: Clock;
}

/** The package behind a repository of GitHub's container registry, at the API that the runner names. */
export function connectPackageVersions(options: PackageVersionsOptions): PackageVersions {
  return new RestPackageVersions(options);
}

/** Whether deletions of this repository go through GitHub's API: `ghcr.io`, and `containers.HOST` of a server of one's own. */
export function isOnGitHub({ host }: Repository, serverUrl: string): boolean {
  return host === 'ghcr.io' || host === `containers.${new URL(serverUrl).host}`;
}

const pageSize = 100;

const versionList = z.array(
  z.object({
    id: z.int().min(1),
    name: z.string().refine(isDigest),
    metadata: z.object({ container: z.object({ tags: z.array(z.string().refine(isTag)) }) }),
  }),
);

type Owner = 'org' | 'user';

/** GitHub's REST API by @actions/github. One request for each call; nothing is tried again here: `retryable` tells the caller. */
class RestPackageVersions implements PackageVersions {
  readonly #rest: GitHubClient;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #owner: string;
  readonly #package: { readonly package_type: 'container'; readonly package_name: string };
  #kind: Owner | undefined;
  #notBefore = 0;

  constructor({ token, apiUrl, repository, clock }: PackageVersionsOptions) {
    const [owner = '', ...name] = repository.path.split('/');
    this.#rest = openGitHubClient(token, apiUrl);
    this.#clock = clock;
    this.#name = formatRepository(repository);
    this.#owner = owner;
    this.#package = { package_type: 'container', package_name: name.join('/') };
  }

  async listPage(page: number, signal: AbortSignal): Promise<PackagePage> {
    const { data, headers } = await this.#ofOwner((kind) => this.#list(kind, page, signal));
    const versions = versionList.safeParse(data);
    if (!versions.success)
      throw new RemoteError('github', `cannot list the versions of ${this.#name}: the answer is no list of them`, {
        retryable: false,
      });
    return {
      versions: versions.data.map(({ id, name, metadata }) => ({
        id,
        digest: name,
        tags: metadata.container.tags,
      })),
      isLast: !/;\s*rel="?next\b/.test(headers.link ?? ''),
    };
  }

  async remove(id: number, signal: AbortSignal): Promise<'removed' | 'absent'> {
    const { packages } = this.#rest;
    const version = { ...this.#package, package_version_id: id, request: { signal } };
    const what = `delete version ${id} of ${this.#name}`;
    try {
      await this.#send(what, 'packages: write', signal, () =>
        this.#kind === 'user'
          ? packages.deletePackageVersionForUser({ ...version, username: this.#owner })
          : packages.deletePackageVersionForOrg({ ...version, org: this.#owner }),
      );
      return 'removed';
    } catch (error) {
      // By now the package was listed: this version is not there, or may not be deleted.
      if (error instanceof RemoteError && error.status === 404 && this.#kind !== undefined) return 'absent';
      throw error;
    }
  }

  #list(kind: Owner, page: number, signal: AbortSignal) {
    const { packages } = this.#rest;
    const pages = { ...this.#package, page, per_page: pageSize, request: { signal } };
    return this.#send(`list the versions of ${this.#name}`, 'packages: read', signal, () =>
      kind === 'user'
        ? packages.getAllPackageVersionsForPackageOwnedByUser({ ...pages, username: this.#owner })
        : packages.getAllPackageVersionsForPackageOwnedByOrg({ ...pages, org: this.#owner }),
    );
  }

  /** An owner is an organization or a user, and only asking tells. */
  async #ofOwner<T>(act: (kind: Owner) => Promise<T>): Promise<T> {
    if (this.#kind) return act(this.#kind);
    try {
      const answer = await act('org');
      this.#kind = 'org';
      return answer;
    } catch (error) {
      if (!(error instanceof RemoteError) || error.status !== 404) throw error;
    }
    const answer = await act('user');
    this.#kind = 'user';
    return answer;
  }

  async #send<Answer extends { readonly headers: Readonly<Record<string, string | number | undefined>> }>(
    what: string,
    permission: string,
    signal: AbortSignal,
    request: () => Promise<Answer>,
  ): Promise<Answer> {
    const waitMs = this.#notBefore - this.#clock.now().getTime();
    if (waitMs > 0)
      throw new RemoteError('github', `cannot ${what} yet: GitHub's limit of requests is reached`, {
        status: 429,
        retryable: true,
        retryAfterMs: waitMs,
        hint: `The next one is allowed at ${new Date(this.#notBefore).toISOString()}.`,
      });
    try {
      const answer = await sendToGitHub(request, what, permission, signal);
      this.#waitFor(untilReset(answer.headers));
      return answer;
    } catch (error) {
      if (error instanceof RemoteError) this.#waitFor(error.retryAfterMs ?? 0);
      throw error;
    }
  }

  #waitFor(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#clock.now().getTime() + ms);
  }
}

/** Milliseconds until requests are allowed again, by the server's own clock: 0 unless this was the last of them. */
function untilReset(headers: Readonly<Record<string, string | number | undefined>>): number {
  if (String(headers['x-ratelimit-remaining']) !== '0') return 0;
  const wait = Number(headers['x-ratelimit-reset']) * 1000 - Date.parse(String(headers['date']));
  return wait > 0 ? wait : 0;
}

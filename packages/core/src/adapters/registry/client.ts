import { createHash } from 'node:crypto';
import type { Digest } from '../../domain/digest.ts';
import { isDigest } from '../../domain/digest.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository, isTag } from '../../domain/image-reference.ts';
import { manifestMediaTypes, maxManifestBytes } from '../../domain/manifest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Manifest, Registry } from '../../ports/registry.ts';
import { Authorization } from './authorization.ts';
import type { Credentials } from './credentials.ts';
import { answerError, isNotFound, RegistryError, Secrets } from './failure.ts';
import { apiOrigin } from './hosts.ts';
import { followRedirects } from './redirects.ts';
import { readAllTags } from './tags.ts';
import type { Access } from './token.ts';
import type { HttpAnswer } from './transport.ts';
import { createTransport } from './transport.ts';

export interface RegistryOptions {
  readonly clock: Clock;
  readonly credentials: Credentials;
  /** `pull,push` for a run that will write: its first token is good for both, which saves a request. Default: `pull`. */
  readonly access?: Access;
  /** Token services, `host` or `host:port`, that get a login though they are of another domain than the registry. */
  readonly trustedRealmHosts?: readonly string[];
  /** For each try of a request, its answer read in full; milliseconds. */
  readonly requestTimeoutMs?: number;
}

/** What is damaged on the way is read again, this often in all. */
const downloads = 3;

/** The Registry over HTTP (OCI distribution spec 1.1): plain http for loopback hosts only, https for all others. */
export function connectRegistry(options: RegistryOptions): Registry {
  const { clock, requestTimeoutMs = 60_000, access = 'pull', trustedRealmHosts = [] } = options;
  const secrets = new Secrets();
  const transport = createTransport({ clock, secrets, requestTimeoutMs });
  const authorization = new Authorization({ ...options, access, trustedRealmHosts, secrets, transport });

  /** A refusal as an error: 403 and 404 say what may be the reason. */
  const refusal = async (
    what: string,
    repository: Repository,
    wanted: Access,
    answer: HttpAnswer,
    signal: AbortSignal,
  ) => {
    const hint =
      answer.status === 403
        ? await authorization.forbiddenHint(repository, wanted, signal)
        : hintFor(answer, repository, wanted);
    return answerError(what, answer, secrets, { hint });
  };

  return {
    // Distribution spec 1.1, "Pulling manifests"
    async readManifest(repository, reference, signal) {
      const url = manifestUrl(repository, reference);
      const what = `reading manifest ${reference} of ${formatRepository(repository)}`;
      const request = {
        method: 'GET',
        url,
        headers: { accept: manifestMediaTypes.join(', ') },
        maxBytes: maxManifestBytes,
        what,
        signal,
      } as const;
      return intact(what, async () => {
        const answer = await authorization.send(request, repository, 'pull');
        if (isNotFound(answer)) return { value: undefined };
        if (answer.status !== 200) throw await refusal(what, repository, 'pull', answer, signal);
        const said = answer.headers.get('docker-content-digest') ?? '';
        const expected = isDigest(reference) ? reference : isDigest(said) ? said : undefined;
        return { value: toManifest(answer, what), digest: digestOf(answer.bytes), expected };
      });
    },

    // Distribution spec 1.1, "Pulling blobs"
    async readBlob(repository, digest, maxBytes, signal) {
      const url = apiUrl(repository, `blobs/${digest}`);
      const what = `reading blob ${digest} of ${formatRepository(repository)}`;
      const request = { method: 'GET', url, headers: {}, maxBytes, what, signal } as const;
      return intact(what, async () => {
        const first = await authorization.send(request, repository, 'pull');
        const answer = await followRedirects(first, request, (next) =>
          next.url.origin === url.origin ? authorization.send(next, repository, 'pull') : transport(next),
        );
        if (answer.status !== 200) throw await refusal(what, repository, 'pull', answer, signal);
        return { value: answer.bytes, digest: digestOf(answer.bytes), expected: digest };
      });
    },

    // Distribution spec 1.1, "Pushing manifests". Repeating it changes nothing, so it is safe to try again.
    async writeManifest(repository, tag, manifest, signal) {
      const url = manifestUrl(repository, tag);
      const what = `writing manifest ${tag} of ${formatRepository(repository)}`;
      const headers = { 'content-type': manifest.mediaType };
      const answer = await authorization.send(
        { method: 'PUT', url, headers, body: manifest.bytes, maxBytes: maxManifestBytes, what, signal },
        repository,
        'pull,push',
      );
      if (![200, 201, 202].includes(answer.status)) throw await refusal(what, repository, 'pull,push', answer, signal);
    },

    listReferrers: () => Promise.reject(new TypeError('not yet')),
    writeBlob: () => Promise.reject(new TypeError('not yet')),
    copyBlob: () => Promise.reject(new TypeError('not yet')),
    remove: () => Promise.reject(new TypeError('not yet')),

    // Distribution spec 1.1, "Listing tags"
    async listTags(repository, signal) {
      const what = `listing the tags of ${formatRepository(repository)}`;
      return readAllTags(apiUrl(repository, 'tags/list'), what, async (url, maxBytes) => {
        const answer = await authorization.send(
          { method: 'GET', url, headers: {}, maxBytes, what, signal },
          repository,
          'pull',
        );
        if (answer.status !== 200 && !isNotFound(answer)) throw await refusal(what, repository, 'pull', answer, signal);
        return answer;
      });
    },
  };
}

function apiUrl(repository: Repository, endpoint: string): URL {
  return new URL(`${apiOrigin(repository.host)}/v2/${repository.path}/${endpoint}`);
}

function manifestUrl(repository: Repository, reference: string): URL {
  if (!isTag(reference) && !isDigest(reference)) {
    throw new RegistryError(`${JSON.stringify(reference.slice(0, 80))} is neither a tag nor a digest`, {
      retryable: false,
    });
  }
  return apiUrl(repository, `manifests/${reference}`);
}

function toManifest(answer: HttpAnswer, what: string): Manifest {
  const mediaType = (answer.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!manifestMediaTypes.includes(mediaType)) {
    const shown = JSON.stringify(mediaType.slice(0, 120));
    throw new RegistryError(
      `${what} failed: ${answer.url.host} answered with media type ${shown}, which is no manifest`,
      {
        status: answer.status,
        retryable: false,
        hint: 'Is the host a registry, and the path a repository of it?',
      },
    );
  }
  return { mediaType, digest: digestOf(answer.bytes), bytes: answer.bytes };
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Downloads until the bytes have the digest that they should have. */
async function intact<T>(
  what: string,
  download: () => Promise<{ value: T; digest?: Digest; expected?: Digest | undefined }>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const { value, digest, expected } = await download();
    if (digest === undefined || expected === undefined || digest === expected) return value;
    if (tries < downloads) continue;
    const message = `${what} failed: what came has digest ${digest} in place of ${expected}, ${downloads} times`;
    throw new RegistryError(message, {
      retryable: false,
      hint: 'What the registry stores, or what lies between, is damaged.',
    });
  }
}

function hintFor(answer: HttpAnswer, repository: Repository, wanted: Access): string | undefined {
  const location =
    answer.status >= 300 && answer.status < 400
      ? URL.parse(answer.headers.get('location') ?? '', answer.url.href)
      : undefined;
  if (location) return `${repository.host} sends on to ${location.host}: name the registry by its own host.`;
  if (answer.status !== 404) return undefined;
  return wanted === 'pull,push'
    ? `${formatRepository(repository)} may have to be created first, or the login may not see it.`
    : `Is ${formatRepository(repository)} written correctly?`;
}

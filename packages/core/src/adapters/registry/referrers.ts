import type { Digest } from '../../domain/digest.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import { maxManifestBytes, mediaTypes, parseManifest, referrersTag } from '../../domain/manifest.ts';
import type { Connection } from './connection.ts';
import { apiUrl } from './connection.ts';
import { answerError, isNotFound, readErrors, RegistryError } from './failure.ts';
import { readManifest, says } from './manifests.ts';
import { readPages } from './pages.ts';
import { pauseMs } from './token.ts';
import type { HttpAnswer } from './transport.ts';

const maxPages = 100;
const maxReferrers = 20_000;

/** By host, what it has shown of its API for referrers. What was there once is not taken for lacking in the same run. */
export type ReferrersApis = Map<string, 'there' | 'lacking'>;

/** Reads what refers to a digest. */
export async function listReferrers(
  connection: Connection,
  apis: ReferrersApis,
  repository: Repository,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  if (apis.get(repository.host) !== 'lacking') {
    const known = await askApi(connection, apis, repository, subject, signal);
    if (known) return known;
  }
  const tag = referrersTag(subject);
  const listed = await readManifest(connection, repository, tag, signal);
  const where = `${formatRepository(repository)}:${tag}`;
  const index = listed && parseManifest(listed.bytes, listed.mediaType, where);
  return index?.kind === 'index' ? index.manifests : [];
}

/** Distribution spec 1.1, "Listing Referrers"; undefined when the registry has no answer to that. */
async function askApi(
  connection: Connection,
  apis: ReferrersApis,
  repository: Repository,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const what = `listing the referrers of ${subject} in ${formatRepository(repository)}`;
  const wanted = { repository, access: 'pull' } as const;
  const headers = { accept: mediaTypes.ociIndex };
  const first = apiUrl(repository, `referrers/${subject}`);
  const get = async (url: URL) => {
    const request = { method: 'GET', url, headers, maxBytes: maxManifestBytes, what, signal } as const;
    const answer = await connection.send(request, wanted);
    if (!hasNoReferrers(answer) || isOwnWord(answer)) return answer;
    // It may be the word of a gateway, and not of the registry.
    await connection.clock.sleep(pauseMs, signal);
    return connection.send(request, wanted);
  };
  const found: Descriptor[] = [];
  for await (const answer of readPages({ first, what, maxPages, get })) {
    if (answer.url.href === first.href && hasNoReferrers(answer)) {
      if (isNoRepository(answer)) return undefined;
      if (apis.get(repository.host) === 'there') throw notAsBefore(connection, what, answer);
      apis.set(repository.host, 'lacking');
      return undefined;
    }
    if (answer.status !== 200) throw await connection.refusal(what, answer, wanted, signal);
    const index = parseManifest(answer.bytes, mediaTypes.ociIndex, what);
    apis.set(repository.host, 'there');
    if (index.kind === 'index') found.push(...index.manifests);
    if (found.length > maxReferrers) {
      throw new RegistryError(`${what} failed: there are more than ${maxReferrers}`, { retryable: false });
    }
  }
  return found;
}

/**
 * A registry with the API answers 200, whatever it is asked for; one without should answer 404. Others are in use: ghcr.io sends on to a
 * page of github.com (303), and 400, 405, 406 and 501 have been seen.
 */
function hasNoReferrers(answer: HttpAnswer): boolean {
  const { status } = answer;
  return [400, 404, 405, 406, 501].includes(status) || (status >= 300 && status < 400);
}

/** Of the registry itself: an error document, or the header by which distribution's API has always been known. */
function isOwnWord(answer: HttpAnswer): boolean {
  return readErrors(answer) !== undefined || answer.headers.has('docker-distribution-api-version');
}

/** A registry with the API may still say 404 of a repository that does not exist yet: that says nothing of its others. */
function isNoRepository(answer: HttpAnswer): boolean {
  return isNotFound(answer) && says(answer, 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN');
}

/** An empty list in place of this would make what is listed seem gone. The 404 of a proxy passes with what stands behind it. */
function notAsBefore({ secrets }: Connection, what: string, answer: HttpAnswer): RegistryError {
  const retryable = answer.status === 404 && !isNotFound(answer);
  return answerError(what, answer, secrets, { retryable, because: 'it does have the referrers API' });
}

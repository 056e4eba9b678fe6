import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository, isTag } from '../../domain/image-reference.ts';
import { digestOf, isDigest } from '../../domain/digest.ts';
import { manifestMediaTypes, maxManifestBytes } from '../../domain/manifest.ts';
import type { Manifest } from '../../ports/registry.ts';
import type { Connection } from './connection.ts';
import { apiUrl } from './connection.ts';
import { damaged, intact } from './damage.ts';
import { isNotFound, readErrors, RegistryError } from './failure.ts';
import { pauseMs } from './token.ts';
import type { HttpAnswer } from './transport.ts';

/** Distribution spec 1.1, "Pulling manifests". */
export async function readManifest(
  connection: Connection,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const url = manifestUrl(repository, reference);
  const what = `reading manifest ${reference} of ${formatRepository(repository)}`;
  const headers = { accept: manifestMediaTypes.join(', ') };
  const wanted = { repository, access: 'pull' } as const;
  return intact(what, async () => {
    const request = { method: 'GET', url, headers, maxBytes: maxManifestBytes, what, signal } as const;
    const answer = await connection.send(request, wanted);
    if (isNotFound(answer)) return undefined;
    if (answer.status !== 200) throw await connection.refusal(what, answer, wanted, signal);
    const said = answer.headers.get('docker-content-digest') ?? '';
    const expected = isDigest(reference) ? reference : isDigest(said) ? said : undefined;
    const manifest = toManifest(answer, what);
    if (expected !== undefined && manifest.digest !== expected) throw damaged(manifest.digest, expected);
    return manifest;
  });
}

/** Distribution spec 1.1, "Pushing manifests". Repeating it changes nothing, so it is safe to try again. */
export async function putManifest(
  connection: Connection,
  repository: Repository,
  reference: string,
  { mediaType, bytes, digest }: Manifest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const url = manifestUrl(repository, reference);
  const what = `writing manifest ${reference} of ${formatRepository(repository)}`;
  const computed = digestOf(bytes);
  const other = [digest, ...(isDigest(reference) ? [reference] : [])].find((named) => named !== computed);
  if (other !== undefined) {
    throw new RegistryError(`${what} failed: its digest is ${computed}, not ${other}`, { retryable: false });
  }
  const headers = { 'content-type': mediaType };
  const wanted = { repository, access: 'pull,push' } as const;
  const request = { method: 'PUT', url, headers, body: bytes, maxBytes: maxManifestBytes, what, signal } as const;
  let answer = await connection.send(request, wanted);
  if ([400, 404].includes(answer.status) && says(answer, 'MANIFEST_BLOB_UNKNOWN')) {
    // What has just been written, or is written by another at this moment, is not seen now and then (distribution 2.8, ghcr.io).
    await connection.clock.sleep(pauseMs, signal);
    answer = await connection.send(request, wanted);
  }
  if (![200, 201, 202].includes(answer.status)) throw await connection.refusal(what, answer, wanted, signal);
  return answer;
}

/**
 * Distribution spec 1.1, "Deleting tags" and "Deleting Manifests": a registry that does not do that answers 400 or 405. (Distribution
 * 2.8 takes a tag for a digest and calls it invalid.)
 */
export async function removeManifest(
  connection: Connection,
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<'removed' | 'absent' | 'unsupported'> {
  const url = manifestUrl(repository, reference);
  const what = `deleting ${reference} of ${formatRepository(repository)}`;
  const wanted = { repository, access: 'pull,delete' } as const;
  const request = { method: 'DELETE', url, headers: {}, maxBytes: maxManifestBytes, what, signal } as const;
  const answer = await connection.send(request, wanted);
  if (answer.status >= 200 && answer.status < 300) return 'removed';
  if (isNotFound(answer) && !says(answer, 'UNSUPPORTED')) return 'absent';
  if ([400, 405].includes(answer.status) || says(answer, 'UNSUPPORTED')) return 'unsupported';
  throw await connection.refusal(what, answer, wanted, signal);
}

/** Whether the registry names this code in its error (distribution spec 1.1, "Error Codes"). */
export function says(answer: HttpAnswer, ...codes: readonly string[]): boolean {
  return (readErrors(answer) ?? []).some(({ code }) => codes.includes(code));
}

export function manifestUrl(repository: Repository, reference: string): URL {
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

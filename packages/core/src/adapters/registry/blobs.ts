import type { Digest } from '../../domain/digest.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import type { Wanted } from './authorization.ts';
import type { OpenedBlob } from './blob-source.ts';
import type { Connection } from './connection.ts';
import { apiUrl } from './connection.ts';
import { damaged, intact } from './damage.ts';
import { RegistryError } from './failure.ts';
import { followRedirects } from './redirects.ts';
import type { HttpAnswer, HttpRequest } from './transport.ts';

/** A blob is given so much time for each byte, beside that for any request. */
const slowestBytesPerS = 64 * 1024;

/** Distribution spec 1.1, "Pulling blobs". */
export async function readBlob(
  connection: Connection,
  repository: Repository,
  digest: Digest,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const what = `reading blob ${digest} of ${formatRepository(repository)}`;
  const url = apiUrl(repository, `blobs/${digest}`);
  const wanted = { repository, access: 'pull' } as const;
  return intact(what, async () => {
    const request = { method: 'GET', url, headers: {}, maxBytes, what, signal } as const;
    const answer = await fetchBlob(connection, request, wanted);
    if (answer.status !== 200) throw await connection.refusal(what, answer, wanted, signal);
    const found = digestOf(answer.bytes);
    if (found !== digest) throw damaged(found, digest);
    return answer.bytes;
  });
}

/** Begins to read a blob at a byte (RFC 9110, section 14.2), or at the first where the registry does not know that. */
export async function openBlob(
  connection: Connection,
  repository: Repository,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  offset: number,
  signal: AbortSignal,
): Promise<OpenedBlob> {
  const what = `reading blob ${digest} of ${formatRepository(repository)}`;
  const url = apiUrl(repository, `blobs/${digest}`);
  const wanted = { repository, access: 'pull' } as const;
  const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const streamMs = wholeMs(connection, size);
  const request = { method: 'GET', url, headers, maxBytes: 0, streamMs, what, signal } as const;
  const answer = await fetchBlob(connection, request, wanted);
  const { body } = answer;
  if (!body || ![200, 206].includes(answer.status)) {
    body?.close();
    throw await connection.refusal(what, answer, wanted, signal);
  }
  const range = readRange(answer);
  const wrong = wrongRange(answer, range, offset, size);
  if (!range || wrong !== undefined) {
    body.close();
    throw new RegistryError(`${what} failed: it ${wrong}`, { status: answer.status, retryable: false });
  }
  const { start } = range;
  return { start, next: () => body.next(), finish: () => body.finish(), close: () => body.close() };
}

/** Whether a repository has a blob (distribution spec 1.1, "Checking if content exists in the registry"). */
export async function hasBlob(
  connection: Connection,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const what = `looking for blob ${digest} in ${formatRepository(repository)}`;
  // It is asked before the blob is written: one token does for both.
  const wanted = { repository, access: 'pull,push' } as const;
  const url = apiUrl(repository, `blobs/${digest}`);
  const answer = await fetchBlob(connection, { method: 'HEAD', url, headers: {}, maxBytes: 0, what, signal }, wanted);
  if (answer.status === 200) return true;
  // What stores the blobs may know no HEAD for an address that was signed for GET.
  if (answer.status === 404 || answer.url.origin !== url.origin) return false;
  throw await connection.refusal(what, answer, wanted, signal);
}

/** How long a blob of `size` bytes may take, milliseconds. */
export function wholeMs({ requestTimeoutMs }: Pick<Connection, 'requestTimeoutMs'>, size: number): number {
  return Math.min(requestTimeoutMs + (size / slowestBytesPerS) * 1000, maxTimerMs);
}

/** What setTimeout can wait, nearly 25 days. */
const maxTimerMs = 2 ** 31 - 1;

async function fetchBlob(connection: Connection, request: HttpRequest, wanted: Wanted): Promise<HttpAnswer> {
  const first = await connection.send(request, wanted);
  return followRedirects(first, request, (next) => connection.send(next, wanted));
}

interface Range {
  readonly start: number;
  /** Of the whole blob, where it is said. */
  readonly total: number | undefined;
}

/** What an answer says of its bytes; undefined for a part that does not say it as RFC 9110, section 14.4 has it. */
function readRange({ status, headers }: HttpAnswer): Range | undefined {
  if (status === 206) {
    const said = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/i.exec(headers.get('content-range')?.trim() ?? '');
    if (!said) return undefined;
    const [, start, total] = said;
    return { start: Number(start), total: total === '*' ? undefined : Number(total) };
  }
  const length = headers.get('content-length');
  return { start: 0, total: length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined };
}

/** Why these are not the bytes that were asked for; all of them may come in place of a part. */
function wrongRange(
  { status }: HttpAnswer,
  range: Range | undefined,
  offset: number,
  size: number,
): string | undefined {
  if (!range) return 'comes in part, and its Content-Range does not say which bytes of it come';
  const { start, total } = range;
  if (total !== undefined && total !== size) return `has ${total} bytes in place of ${size}, as its manifest says`;
  return status === 206 && start !== offset ? `comes from byte ${start} in place of byte ${offset}` : undefined;
}

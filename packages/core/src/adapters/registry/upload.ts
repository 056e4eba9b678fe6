import type { Repository } from '../../domain/image-reference.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import type { BlobSource } from './blob-source.ts';
import { hasBlob, wholeMs } from './blobs.ts';
import type { Connection } from './connection.ts';
import { apiUrl, isOwn } from './connection.ts';
import { Damage } from './damage.ts';
import { answerError, RegistryError } from './failure.ts';
import { keepsTransport, leadsInside } from './hosts.ts';
import { says } from './manifests.ts';
import { onOrigin } from './pages.ts';
import { Patience } from './retry.ts';
import type { HttpAnswer } from './transport.ts';
import { passingError, sendOnce } from './transport.ts';
import { exchange } from './exchange.ts';

export interface BlobUpload {
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly source: BlobSource;
  readonly to: Repository;
  /** For messages: `copying blob sha256:… to ghcr.io/org/web`. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** An upload that the registry has opened already. */
  readonly begun?: URL | undefined;
}

/** An upload that the registry keeps: what it has of the blob, and where the rest goes. */
interface Session {
  readonly location: URL;
  readonly received: number;
}

const cancelMs = 5_000;

/**
 * Uploads a blob in one PUT (distribution spec 1.1, "POST then PUT"). One that is cut goes on from what the registry says that it
 * has ("Pushing a blob in chunks"), else from the start. Throws Damage when the registry finds another digest, RegistryError else.
 */
export async function uploadBlob(connection: Connection, upload: BlobUpload): Promise<void> {
  const { source, signal } = upload;
  const patience = new Patience(connection.clock, signal);
  const sender = new Sender(connection, upload);
  let session = upload.begun && { location: upload.begun, received: 0 };
  try {
    for (;;) {
      session ??= { location: await begin(connection, upload), received: 0 };
      source.seek(session.received);
      const failure = await sender.send(session);
      if (!failure) return;
      await patience.after(failure);
      const state = await sender.look(session);
      if (state === 'stored') return;
      session = state;
    }
  } catch (error) {
    if (session) await cancel(connection, upload, session.location);
    throw error;
  } finally {
    source.close();
  }
}

/** Opens an upload; gives where its bytes go. */
async function begin(connection: Connection, { to, what, signal }: BlobUpload): Promise<URL> {
  const wanted = { repository: to, access: 'pull,push' } as const;
  const url = apiUrl(to, 'blobs/uploads/');
  const answer = await connection.send({ method: 'POST', url, headers: {}, maxBytes: 64 * 1024, what, signal }, wanted);
  if (answer.status !== 202) throw await connection.refusal(what, answer, wanted, signal);
  return uploadLocation(answer, what);
}

/** Where an upload goes on; it may be elsewhere, without TLS only where there was none. */
export function uploadLocation(answer: HttpAnswer, what: string): URL {
  const refused = (why: string) =>
    new RegistryError(`${what} failed: ${answer.url.host} ${why}`, { status: answer.status, retryable: false });
  const location = answer.headers.get('location');
  const target = location === null ? null : URL.parse(location, answer.url.href);
  if (!target || !/^https?:$/.test(target.protocol)) throw refused('names no usable address for the upload');
  if (target.username !== '' || target.password !== '') throw refused('names an address with a password in it');
  if (target.host === answer.url.host) return onOrigin(answer.url, target);
  if (leadsInside(answer.url, target))
    throw refused(`wants the upload sent into the runner's network, to ${target.host}`);
  if (!keepsTransport(answer.url, target)) throw refused(`wants the upload sent to ${target.host} without TLS`);
  return target;
}

class Sender {
  readonly #connection: Connection;
  readonly #upload: BlobUpload;
  readonly #wanted;
  #given = 0;
  #refusals = 0;

  constructor(connection: Connection, upload: BlobUpload) {
    this.#connection = connection;
    this.#upload = upload;
    this.#wanted = { repository: upload.to, access: 'pull,push' } as const;
  }

  /** Sends what is missing. Gives what another try may help with; undefined when the blob is stored. */
  async send({ location, received }: Session): Promise<RegistryError | undefined> {
    const { blob } = this.#upload;
    let [target, start] = [location, received];
    if (start > 0 && start < blob.size) {
      const range = { 'content-range': `${start}-${blob.size - 1}` };
      const answer = await this.#request('PATCH', target, start, range);
      if (answer instanceof RegistryError) return answer;
      if (answer.status !== 202) return this.#judge(answer);
      [target, start] = [uploadLocation(answer, this.#upload.what), blob.size];
    }
    const closing = new URL(target);
    closing.search += `${closing.search === '' ? '?' : '&'}digest=${encodeURIComponent(blob.digest)}`;
    const answer = await this.#request('PUT', closing, start);
    if (answer instanceof RegistryError) return answer;
    if ([200, 202, 204].includes(answer.status)) return this.#check(answer);
    return answer.status === 201 ? undefined : this.#judge(answer);
  }

  /** Distribution spec 1.1, "POST then PUT": 201 is the answer to a blob that is stored. Others are in use, and may say less. */
  async #check(answer: HttpAnswer): Promise<RegistryError | undefined> {
    const { blob, to, what, signal } = this.#upload;
    if (await hasBlob(this.#connection, to, blob.digest, signal)) return undefined;
    const because = 'it does not have the blob then';
    return answerError(what, answer, this.#connection.secrets, { retryable: true, because });
  }

  /** What has become of an upload that was cut; undefined when it has to begin again. */
  async look({ location }: Session): Promise<Session | 'stored' | undefined> {
    const { blob, to, what, signal } = this.#upload;
    const request = { method: 'GET', url: location, headers: {}, maxBytes: 64 * 1024, what, signal } as const;
    const answer = await this.#connection.send(request, this.#wanted);
    const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.get('range') ?? '') ?? [];
    if (answer.status >= 200 && answer.status < 300 && last !== undefined) {
      const received = Number(last) + 1;
      const isUsable = received <= Math.min(this.#given, blob.size) && answer.headers.has('location');
      // `0-0` is what registries say of an upload that is empty, and of one byte.
      if (isUsable && received > 1) return { location: uploadLocation(answer, what), received };
      await cancel(this.#connection, this.#upload, location);
      return undefined;
    }
    return (await hasBlob(this.#connection, to, blob.digest, signal)) ? 'stored' : undefined;
  }

  async #request(
    method: 'PUT' | 'PATCH',
    url: URL,
    start: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer | RegistryError> {
    const { blob, source, to, what, signal } = this.#upload;
    const { authorization, requestTimeoutMs } = this.#connection;
    const sentWith = isOwn(url, to) ? await authorization.header(this.#wanted, signal) : undefined;
    const value = sentWith?.value;
    const headers = { 'content-type': 'application/octet-stream', ...more, ...(value && { authorization: value }) };
    let at = start;
    const pieces = {
      next: async () => {
        const piece = at < blob.size ? await source.next() : undefined;
        at += piece?.length ?? 0;
        this.#given = Math.max(this.#given, at);
        return piece;
      },
    };
    const limits = { idleMs: requestTimeoutMs, streamMs: wholeMs(this.#connection, blob.size) };
    const sent = { pieces, length: blob.size - start };
    const answer = await exchange({ method, url, headers, upload: sent, what, signal, ...limits });
    const isRefused = !(answer instanceof RegistryError) && [401, 403].includes(answer.status);
    if (isRefused && sentWith) authorization.forget(to.host, sentWith);
    return answer;
  }

  /** Throws what no other try can change. */
  async #judge(answer: HttpAnswer): Promise<RegistryError> {
    const { what, blob, signal } = this.#upload;
    const { secrets, clock } = this.#connection;
    const { status } = answer;
    const passing = passingError(what, answer, secrets, clock);
    if (passing) return passing;
    if (status === 400 && says(answer, 'DIGEST_INVALID', 'SIZE_INVALID')) {
      throw new Damage(`${answer.url.host} says that what came does not have digest ${blob.digest}`);
    }
    // A token that ran out or was denied now and then, and an upload that the registry has lost.
    const isDenied = [401, 403].includes(status);
    const isUnknown = [404, 416].includes(status) || (status === 400 && says(answer, 'BLOB_UPLOAD_INVALID'));
    if ((isDenied && ++this.#refusals === 1) || isUnknown)
      return answerError(what, answer, secrets, { retryable: true });
    throw await this.#connection.refusal(what, answer, this.#wanted, signal);
  }
}

/** Tells the registry that an upload will not be ended; it would find out itself, in days. Once, and whatever comes of it. */
async function cancel(connection: Connection, { to, what, signal }: BlobUpload, location: URL): Promise<void> {
  if (signal.aborted) return;
  const timeoutMs = Math.min(cancelMs, connection.requestTimeoutMs);
  const soon = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const wanted = { repository: to, access: 'pull,push,delete' } as const;
    const sent = isOwn(location, to) ? await connection.authorization.header(wanted, soon) : undefined;
    const value = sent?.value;
    const headers = value === undefined ? {} : { authorization: value };
    const request = { method: 'DELETE', url: location, headers, maxBytes: 64 * 1024, what, signal: soon } as const;
    await sendOnce(request, timeoutMs);
  } catch {
    // It is given up all the same.
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { manifestMediaTypes, mediaTypes, parseManifest } from '@delivery/core/domain/manifest';
import { RegistryStore } from './registry-store.ts';
import { RegistryUploads } from './registry-uploads.ts';
import type { Fault, ServerAnswer, ServerRequest } from './server-answer.ts';
import { errorAnswer, jsonAnswer, write } from './server-answer.ts';
import type { RegistryUser } from './token-desk.ts';
import { TokenDesk } from './token-desk.ts';
import { resetConnection } from './reset-connection.ts';

export interface RegistryServerOptions {
  /** Default: open to all. */
  readonly auth?: 'basic' | 'bearer';
  readonly users?: Readonly<Record<string, RegistryUser>>;
  /** Bearer only: everybody may pull. */
  readonly anonymousPull?: boolean;
  /** The largest page of tags, whatever is asked for. */
  readonly maxPage?: number;
  readonly tokenLifetimeS?: number;
  /** Default: all true. Where false, it does as others do that are in use. */
  readonly can?: Partial<Record<Ability, boolean>>;
  /** The largest page of referrers. Default: all on one. */
  readonly referrersPage?: number;
}

/** `referrers`: else 404. `mount`: else 202. `range`: else 200 and all. `deleteTags`, `delete`: else 405. `resume`: else a cut upload is lost. */
export type Ability = 'referrers' | 'mount' | 'range' | 'deleteTags' | 'delete' | 'resume';

/** What happens to the body of a request on its way to the registry. */
export type BodyFault = { readonly kind: 'cut'; readonly after: number } | { readonly kind: 'flip' };

/** What is known of a request before its body. */
export type RequestHead = Omit<ServerRequest, 'body'>;

/**
 * A registry over HTTP in this process, on a free port of loopback: what of distribution spec 1.1 the Registry port uses, with
 * basic auth or its own token service, a record of every request, and faults.
 */
export class RegistryServer implements AsyncDisposable {
  readonly store = new RegistryStore();
  readonly requests: (Pick<ServerRequest, 'method' | 'target'> & {
    authorization: string | undefined;
    /** 0: its body was cut, and it got no answer. */
    status: number;
    /** Bytes of bodies: taken from the client, and given to be sent. */
    received: number;
    sent: number;
  })[] = [];
  readonly desk: TokenDesk;
  readonly uploads: RegistryUploads;
  readonly #options: RegistryServerOptions;
  readonly #faults: {
    fault: Fault;
    times: number;
    when: (request: ServerRequest) => boolean;
    isInstead: boolean;
  }[] = [];
  readonly #bodyFaults: { fault: BodyFault; times: number; when: (request: RequestHead) => boolean }[] = [];
  readonly #server = createServer((request, response) => {
    // A client that goes away in the middle is no failure of the registry.
    this.#serve(request, response).catch(() => response.destroy());
  });

  private constructor(options: RegistryServerOptions) {
    this.#options = options;
    this.desk = new TokenDesk(options);
    this.uploads = new RegistryUploads(this.store, this.#can('resume'));
  }

  static async start(options: RegistryServerOptions = {}): Promise<RegistryServer> {
    const server = new RegistryServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  repository(path: string): Repository {
    return { host: this.host, path };
  }

  /** The next `times` requests that `when` picks are answered wrongly. */
  fault(fault: Fault, times = 1, when: (request: ServerRequest) => boolean = () => true): void {
    this.#faults.push({ fault, times, when, isInstead: false });
  }

  /** As `fault`, and nothing is done of what is asked for. */
  faultInstead(fault: Fault, times = 1, when: (request: ServerRequest) => boolean = () => true): void {
    this.#faults.push({ fault, times, when, isInstead: true });
  }

  /** The bodies of the next `times` requests that `when` picks come damaged. */
  bodyFault(fault: BodyFault, times: number, when: (request: RequestHead) => boolean): void {
    this.#bodyFaults.push({ fault, times, when });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #can(ability: Ability): boolean {
    return this.#options.can?.[ability] ?? true;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = incoming;
    const head = { method, target, headers };
    const bodyFault = take(this.#bodyFaults, ({ when }) => when(head))?.fault;
    const body = await readBody(incoming, bodyFault?.kind === 'cut' ? bodyFault.after : Infinity);
    const record = { method, target, authorization: headers.authorization, received: body.length };
    if (bodyFault?.kind === 'cut') {
      this.uploads.keep(uploadId(target), body);
      this.requests.push({ ...record, status: 0, sent: 0 });
      return resetConnection(incoming.socket);
    }
    if (bodyFault && body.length > 0) body[body.length >> 1]! ^= 1;
    const request = { ...head, body };
    const faulty = take(this.#faults, ({ when }) => when(request));
    let answer = faulty?.isInstead ? errorAnswer(503, 'UNAVAILABLE', 'not now') : this.#answer(request);
    if (faulty) answer = faulty.fault(answer, request);
    const sent = answer.end === 'cut' ? answer.body.length >> 1 : answer.body.length;
    this.requests.push({ ...record, status: answer.status, sent });
    write(method === 'HEAD' ? { ...answer, isHead: true } : answer, response);
  }

  #answer(request: ServerRequest): ServerAnswer {
    const url = new URL(request.target, `http://${this.host}`);
    if (url.pathname === '/token') return this.desk.issue(request, url);
    const [, path = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(blobs\/uploads|manifests|blobs|tags|referrers)\/([^/]*)$/.exec(url.pathname) ?? [];
    const refusal = this.#refuse(request, path, url.searchParams.get('from'));
    if (refusal) return refusal;
    if (kind === 'blobs/uploads') return this.#upload(path, reference, request, url);
    if (kind === 'manifests') return this.#manifest(path, reference, request);
    if (!['GET', 'HEAD'].includes(request.method)) return errorAnswer(405, 'UNSUPPORTED', 'not here');
    if (kind === 'tags') return this.#getTags(path, url);
    if (kind === 'referrers') return this.#getReferrers(path, reference, url);
    return this.#getBlob(path, reference, request);
  }

  #refuse({ method, headers }: ServerRequest, path: string, from: string | null): ServerAnswer | undefined {
    const { auth } = this.#options;
    if (!auth) return undefined;
    const right = method === 'DELETE' ? 'delete' : ['GET', 'HEAD'].includes(method) ? 'pull' : 'push';
    let verdict = this.desk.judge(headers.authorization, auth, path, right);
    if (verdict === 'good' && from !== null) verdict = this.desk.judge(headers.authorization, auth, from, 'pull');
    if (verdict === 'good') return undefined;
    if (verdict === 'forbidden') return errorAnswer(403, 'DENIED', 'requested access to the resource is denied');
    const scope = `repository:${path}:${right === 'push' ? 'pull,push' : right}`;
    const challenge =
      auth === 'basic'
        ? 'Basic realm="the registry, basic"'
        : `Bearer realm="http://${this.host}/token",service="registry-server",scope="${scope}"`;
    return errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
  }

  #manifest(path: string, reference: string, request: ServerRequest): ServerAnswer {
    if (request.method === 'PUT') return this.#putManifest(path, reference, request);
    return request.method === 'DELETE' ? this.#delete(path, reference) : this.#getManifest(path, reference);
  }

  #getManifest(path: string, reference: string): ServerAnswer {
    const manifest = this.store.manifest(path, reference);
    if (!manifest) return errorAnswer(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const headers = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest };
    return { status: 200, headers, body: manifest.bytes };
  }

  #putManifest(path: string, tag: string, { headers, body }: ServerRequest): ServerAnswer {
    const mediaType = headers['content-type'] ?? '';
    if (!manifestMediaTypes.includes(mediaType)) return errorAnswer(400, 'MANIFEST_INVALID', 'unknown media type');
    let missing: Digest | undefined;
    try {
      missing = this.store.putManifest(path, tag, mediaType, body);
    } catch {
      return errorAnswer(400, 'MANIFEST_INVALID', 'manifest invalid');
    }
    if (missing) return errorAnswer(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
    const { subject } = parseManifest(body, mediaType, path);
    const listed = subject && this.#can('referrers') ? { 'oci-subject': subject.digest } : {};
    const location = `/v2/${path}/manifests/${tag}`;
    return { status: 201, headers: { location, ...listed }, body: new Uint8Array() };
  }

  #delete(path: string, reference: string): ServerAnswer {
    if (!this.#can(isDigest(reference) ? 'delete' : 'deleteTags'))
      return errorAnswer(405, 'UNSUPPORTED', 'the operation is unsupported');
    if (!this.store.remove(path, reference)) return errorAnswer(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    return { status: 202, headers: {}, body: new Uint8Array() };
  }

  #upload(path: string, id: string, request: ServerRequest, url: URL): ServerAnswer {
    if (id !== '') return this.uploads.answer(id, request, url);
    if (request.method !== 'POST') return errorAnswer(405, 'UNSUPPORTED', 'not here');
    const [digest, from] = [url.searchParams.get('mount') ?? '', url.searchParams.get('from') ?? ''];
    if (this.#can('mount') && isDigest(digest) && this.store.mountBlob(from, path, digest)) {
      return { status: 201, headers: { location: `/v2/${path}/blobs/${digest}` }, body: new Uint8Array() };
    }
    return this.uploads.begin(path);
  }

  #getBlob(path: string, digest: string, { headers }: ServerRequest): ServerAnswer {
    const body = this.store.blob(path, digest);
    if (!body) return errorAnswer(404, 'BLOB_UNKNOWN', 'blob unknown');
    const [, start] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    if (start === undefined || !this.#can('range')) return { status: 200, headers: {}, body };
    const range = { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` };
    return { status: 206, headers: range, body: body.subarray(Number(start)) };
  }

  #getReferrers(path: string, subject: string, url: URL): ServerAnswer {
    // As distribution answers for what it has no route for.
    if (!this.#can('referrers')) return { status: 404, headers: {}, body: Buffer.from('404 page not found\n') };
    if (!isDigest(subject)) return errorAnswer(400, 'DIGEST_INVALID', 'no digest');
    const all = this.store.referrers(path, subject);
    const size = this.#options.referrersPage ?? all.length;
    const from = Number(url.searchParams.get('after') ?? 0);
    const manifests = all
      .slice(from, from + size)
      .map(({ mediaType, digest, size: bytes, annotations, artifactType }) => {
        return { mediaType, digest, size: bytes, annotations, artifactType };
      });
    const next = from + size;
    const more: Record<string, string> =
      next < all.length ? { link: `</v2/${path}/referrers/${subject}?after=${next}>; rel="next"` } : {};
    const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
    return jsonAnswer(200, document, { ...more, 'content-type': mediaTypes.ociIndex });
  }

  #getTags(path: string, url: URL): ServerAnswer {
    const all = this.store.tags(path);
    if (!all) return errorAnswer(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    const last = url.searchParams.get('last') ?? '';
    const rest = all.filter((tag) => tag > last);
    const size = Math.min(Number(url.searchParams.get('n') ?? all.length), this.#options.maxPage ?? Infinity);
    const tags = rest.slice(0, size);
    const more =
      rest.length > size ? { link: `</v2/${path}/tags/list?n=${size}&last=${tags.at(-1) ?? ''}>; rel="next"` } : {};
    return jsonAnswer(200, { name: path, tags }, more);
  }
}

/** The next fault that is meant for a request, once less often then. */
function take<F extends { times: number }>(faults: readonly F[], picks: (fault: F) => boolean): F | undefined {
  const found = faults.find((fault) => fault.times > 0 && picks(fault));
  if (found) found.times--;
  return found;
}

/** Up to `most` bytes. */
async function readBody(incoming: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // With `break` the rest would be thrown away together with the connection, before it can be cut in the way that is wanted.
  await new Promise<void>((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= most) {
        incoming.pause();
        resolve();
      }
    });
    incoming.on('end', resolve).on('error', reject);
  });
  return Buffer.concat(chunks).subarray(0, most === Infinity ? size : most);
}

function uploadId(target: string): string {
  return /\/blobs\/uploads\/([^/?]+)/.exec(target)?.[1] ?? '';
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { manifestMediaTypes } from '@delivery/core/domain/manifest';
import { RegistryStore } from './registry-store.ts';
import type { Fault, ServerAnswer, ServerRequest } from './server-answer.ts';
import { errorAnswer, jsonAnswer, write } from './server-answer.ts';
import type { RegistryUser } from './token-desk.ts';
import { TokenDesk } from './token-desk.ts';

export interface RegistryServerOptions {
  /** Default: open to all. */
  readonly auth?: 'basic' | 'bearer';
  readonly users?: Readonly<Record<string, RegistryUser>>;
  /** Bearer only: everybody may pull. */
  readonly anonymousPull?: boolean;
  /** The largest page of tags, whatever is asked for. */
  readonly maxPage?: number;
  readonly tokenLifetimeS?: number;
}

/**
 * A registry over HTTP in this process, on a free port of loopback: what of distribution spec 1.1 the Registry port uses, with
 * basic auth or its own token service, a record of every request, and faults.
 */
export class RegistryServer implements AsyncDisposable {
  readonly store = new RegistryStore();
  readonly requests: (Pick<ServerRequest, 'method' | 'target'> & {
    authorization: string | undefined;
    status: number;
  })[] = [];
  readonly desk: TokenDesk;
  readonly #options: RegistryServerOptions;
  readonly #faults: { fault: Fault; times: number; when: (request: ServerRequest) => boolean }[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(options: RegistryServerOptions) {
    this.#options = options;
    this.desk = new TokenDesk(options);
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
    this.#faults.push({ fault, times, when });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: target = '', headers } = incoming;
    const request = { method, target, headers, body: Buffer.concat(chunks) };
    let answer = this.#answer(request);
    const fault = this.#faults.find(({ times, when }) => times > 0 && when(request));
    if (fault) {
      fault.times--;
      answer = fault.fault(answer, request);
    }
    this.requests.push({ method, target, authorization: headers.authorization, status: answer.status });
    write(answer, response);
  }

  #answer(request: ServerRequest): ServerAnswer {
    const url = new URL(request.target, `http://${this.host}`);
    if (url.pathname === '/token') return this.desk.issue(request, url);
    const [, path = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(url.pathname) ?? [];
    const refusal = this.#refuse(request, path);
    if (refusal) return refusal;
    if (kind === 'manifests' && request.method === 'PUT') return this.#putManifest(path, reference, request);
    if (request.method !== 'GET') return errorAnswer(405, 'UNSUPPORTED', 'not here');
    if (kind === 'manifests') return this.#getManifest(path, reference);
    if (kind === 'tags') return this.#getTags(path, url);
    const blob = this.store.blob(path, reference);
    return blob ? { status: 200, headers: {}, body: blob } : errorAnswer(404, 'BLOB_UNKNOWN', 'blob unknown');
  }

  #refuse({ method, headers }: ServerRequest, path: string): ServerAnswer | undefined {
    const { auth } = this.#options;
    if (!auth) return undefined;
    const push = method !== 'GET';
    const verdict = this.desk.judge(headers.authorization, auth, path, push);
    if (verdict === 'good') return undefined;
    if (verdict === 'forbidden') return errorAnswer(403, 'DENIED', 'requested access to the resource is denied');
    const scope = `repository:${path}:${push ? 'pull,push' : 'pull'}`;
    const challenge =
      auth === 'basic'
        ? 'Basic realm="the registry, basic"'
        : `Bearer realm="http://${this.host}/token",service="registry-server",scope="${scope}"`;
    return errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
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
    return { status: 201, headers: { location: `/v2/${path}/manifests/${tag}` }, body: new Uint8Array() };
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

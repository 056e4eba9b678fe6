import { certificate } from '@delivery/testing/certificate';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

/** What may go wrong where the next line of a watch would be sent. */
export type Fault = 'none' | 'end' | 'cut' | 'half line' | 'garbage' | 'gone' | 'error';

interface Change {
  readonly version: number;
  readonly resource: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: object;
}

interface Watcher {
  readonly resource: string;
  readonly response: Http2ServerResponse;
}

type Answer = { readonly status: number; readonly body: object | string };

/** Plays the lists and watches of an API server over TLS, offering HTTP/2 and 1.1 as the real one does, with faults on demand. */
export class StubApiServer {
  /** Method and URL of every request, in order. */
  readonly requests: string[] = [];
  readonly bodies: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly httpVersions = new Set<string>();
  /** Asked before each line of a watch. */
  fault: () => Fault = () => 'none';
  /** Answers a request in place of the server; undefined: the server answers. `cut`: the connection is lost. */
  intercept: (request: string) => Answer | 'cut' | undefined = () => undefined;
  /** Answers a request in place of the server and writes as it likes; false: the server answers. */
  stream: (url: URL, response: Http2ServerResponse) => boolean = () => false;
  readonly port: number;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly #objects = new Map<string, Map<string, object>>();
  readonly #watchers = new Set<Watcher>();
  readonly #changes: Change[] = [];
  #version = 1;
  #compacted = 0;

  static async start(): Promise<StubApiServer> {
    const server = createSecureServer({ ...certificate(), allowHTTP1: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StubApiServer(server);
  }

  private constructor(server: Http2SecureServer) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => this.#handle(request, response));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.on('sessionError', () => {});
  }

  get connections(): number {
    return this.#sockets.size;
  }

  kubeconfig(token = 'stub-token-0123456789'): string {
    const cluster = {
      server: `https://127.0.0.1:${this.port}`,
      'certificate-authority-data': Buffer.from(certificate().cert).toString('base64'),
    };
    return JSON.stringify({
      'current-context': 'stub',
      contexts: [{ name: 'stub', context: { cluster: 'stub', user: 'stub' } }],
      clusters: [{ name: 'stub', cluster }],
      users: [{ name: 'stub', user: { token } }],
    });
  }

  /** Creates or changes an object; gives its version. */
  put(resource: string, name: string, uid: string, rest: object): number {
    const objects = this.#collection(resource);
    const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
    this.#version += 1;
    const object = { metadata: { name, namespace: 'test', uid, resourceVersion: String(this.#version) }, ...rest };
    objects.set(name, object);
    this.#publish({ version: this.#version, resource, type, object });
    return this.#version;
  }

  remove(resource: string, name: string): void {
    const object = this.#collection(resource).get(name) as { metadata: object };
    this.#collection(resource).delete(name);
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    this.#publish({ version: this.#version, resource, type: 'DELETED', object: { ...object, metadata } });
  }

  /** Forgets the history up to now: who watches on from before is told 410. */
  compact(): void {
    this.#compacted = this.#version;
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  /** Lets the present watches of a collection stand but sends nothing more over them. */
  mute(resource: string): void {
    for (const watcher of this.#watchers) if (watcher.resource === resource) this.#watchers.delete(watcher);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#watchers.clear();
  }

  /** Stops listening, so that connections are refused, until `listen`. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }

  #collection(resource: string): Map<string, object> {
    const objects = this.#objects.get(resource) ?? new Map<string, object>();
    this.#objects.set(resource, objects);
    return objects;
  }

  #publish(change: Change): void {
    this.#changes.push(change);
    for (const watcher of this.#watchers) if (watcher.resource === change.resource) this.#send(watcher, change);
  }

  #handle(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const url = new URL(request.url, 'https://stub');
    this.requests.push(`${request.method} ${request.url}`);
    this.authorizations.push(request.headers.authorization);
    this.httpVersions.add(request.httpVersion);
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (body !== '') this.bodies.push(body);
    });
    const answer = this.intercept(`${request.method} ${request.url}`);
    if (answer === 'cut') return void response.socket.destroy();
    if (answer) return this.#answer(response, answer);
    if (this.stream(url, response)) return;
    const resource = url.pathname.split('/').at(-1) ?? '';
    if (url.searchParams.get('watch') === 'true') return this.#watch(response, resource, url.searchParams);
    const items = [...this.#collection(resource).values()];
    this.#answer(response, { status: 200, body: { metadata: { resourceVersion: String(this.#version) }, items } });
  }

  #answer(response: Http2ServerResponse, { status, body }: Answer): void {
    response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #watch(response: Http2ServerResponse, resource: string, query: URLSearchParams): void {
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.on('error', () => {});
    const watcher = { resource, response };
    response.on('close', () => this.#watchers.delete(watcher));
    if (from < this.#compacted) return void response.end(line('ERROR', status(410, 'too old resource version')));
    this.#watchers.add(watcher);
    for (const change of this.#changes) {
      if (change.resource === resource && change.version > from) this.#send(watcher, change);
    }
  }

  #send(watcher: Watcher, { type, object }: Change): void {
    if (!this.#watchers.has(watcher)) return;
    const { response } = watcher;
    const fault = this.fault();
    if (fault === 'none') return void response.write(line(type, object));
    this.#watchers.delete(watcher);
    const whole = line(type, object);
    if (fault === 'end') response.end(whole);
    else if (fault === 'garbage') response.end(`${whole.slice(0, 40)}\n`);
    else if (fault === 'gone') response.end(line('ERROR', status(410, 'too old resource version')));
    else if (fault === 'error') response.end(line('ERROR', status(500, 'RequestWatchProgress is disabled')));
    else response.write(whole.slice(0, fault === 'cut' ? 0 : 40) || ' ', () => response.socket.destroy());
  }
}

/** Kubernetes' Status (API reference, "Status v1 meta"). */
export function status(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code };
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

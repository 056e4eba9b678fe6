import { resetConnection } from '@delivery/testing/reset-connection';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

/** One request as it went through; bytes are those of bodies. */
export interface PassedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Undefined while there is no answer, and when there was none. */
  status: number | undefined;
  /** From the client. */
  received: number;
  /** To the client. */
  sent: number;
}

/**
 * What goes wrong: the request does not arrive; it does, and its answer is lost; the registry is not asked; half of the answer's, or of
 * the request's, body comes through; one byte of the answer changes.
 */
export type ProxyFault =
  | 'reset'
  | 'lost'
  | 'cut'
  | 'cut-upload'
  | 'flip'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export interface ProxyOptions {
  /** `host:port` on loopback, plain HTTP. */
  readonly target: string;
  /** A token service at another address: its tokens are asked for through the proxy too, so that they count. */
  readonly tokenUrl?: string;
}

/** Stands before a registry: counts what is asked of it, and does what networks do. */
export class RegistryProxy implements AsyncDisposable {
  readonly requests: PassedRequest[] = [];
  /** Asked of each request when it comes, before it is counted. */
  onRequest: (request: Pick<PassedRequest, 'method' | 'target'>, index: number) => ProxyFault | undefined = () =>
    undefined;
  readonly #options: ProxyOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, answer) => this.#serve(incoming, answer));

  private constructor(options: ProxyOptions) {
    this.#options = options;
  }

  static async start(options: ProxyOptions): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(options);
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Use it in the place of the registry's. The registry sees it as the name it was called by, so its addresses lead here. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets what was counted. */
  clear(): void {
    this.requests.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method = '', url: target = '' } = incoming;
    const fault = this.onRequest({ method, target }, this.requests.length);
    const passed: PassedRequest = { method, target, status: undefined, received: 0, sent: 0 };
    this.requests.push(passed);
    if (fault === 'reset') return resetConnection(incoming.socket);
    if (typeof fault === 'object') return refuse(fault, incoming, answer, passed);
    this.#pass(incoming, answer, passed, fault);
  }

  #pass(
    incoming: IncomingMessage,
    answer: ServerResponse,
    passed: PassedRequest,
    fault: Exclude<ProxyFault, object> | undefined,
  ): void {
    const { method, headers } = incoming;
    const onward = startRequest(
      this.#addressOf(passed.target),
      { method: method ?? 'GET', headers, agent: this.#agent },
      (received) => {
        if (fault === 'lost') {
          received.resume().on('end', () => resetConnection(incoming.socket));
          return;
        }
        passed.status = received.statusCode;
        answer.writeHead(received.statusCode ?? 502, this.#headersOf(received));
        const length = Number(received.headers['content-length'] ?? 0);
        received.pipe(count(passed, 'sent', fault, length, () => answer.destroy())).pipe(answer);
        received.on('error', () => answer.destroy());
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => {
      if (!answer.writableFinished) onward.destroy();
    });
    const length = Number(headers['content-length'] ?? 0);
    const cutUpload = () => {
      onward.destroy();
      resetConnection(incoming.socket);
    };
    incoming.pipe(count(passed, 'received', fault, length, cutUpload)).pipe(onward);
  }

  #addressOf(target: string): URL {
    const { tokenUrl } = this.#options;
    if (tokenUrl !== undefined && /^\/token(?:\?|$)/.test(target)) {
      const url = new URL(tokenUrl);
      url.search = new URL(target, url).search;
      return url;
    }
    return new URL(`http://${this.#options.target}${target}`);
  }

  #headersOf({ rawHeaders }: IncomingMessage): string[] {
    if (this.#options.tokenUrl === undefined) return rawHeaders;
    return rawHeaders.map((text, at) => {
      const isChallenge = at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'www-authenticate';
      return isChallenge ? text.replace(/realm="[^"]*"/, `realm="http://${this.host}/token"`) : text;
    });
  }
}

function refuse(
  { status, headers }: Exclude<ProxyFault, string>,
  incoming: IncomingMessage,
  answer: ServerResponse,
  passed: PassedRequest,
): void {
  passed.status = status;
  incoming.resume().on('end', () => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'not now' }] }));
  });
}

/** Counts a body on its way; `end` is called in its middle where the fault cuts it. */
function count(
  passed: PassedRequest,
  side: 'received' | 'sent',
  fault: ProxyFault | undefined,
  length: number,
  end: () => void,
): Transform {
  const isCut = (fault === 'cut' && side === 'sent') || (fault === 'cut-upload' && side === 'received');
  const middle = length >> 1;
  if (isCut && length === 0) setImmediate(end);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const start = passed[side];
      const part = isCut ? chunk.subarray(0, Math.max(0, middle - start)) : chunk;
      passed[side] += part.length;
      const at = middle - start;
      if (fault === 'flip' && side === 'sent' && at >= 0 && at < part.length)
        part.writeUInt8(part.readUInt8(at) ^ 1, at);
      if (isCut && passed[side] >= middle) {
        this.push(part);
        setTimeout(end, 5);
        return;
      }
      done(null, part);
    },
  });
}

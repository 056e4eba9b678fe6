import type { KubeConfig, ResponseContext } from '@kubernetes/client-node';
import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from '@kubernetes/client-node';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Attempt } from './errors.ts';
import { answerError, connectionError, streamError } from './errors.ts';
import { TimeLimit } from './time-limit.ts';

export interface ApiRequest extends Omit<Attempt, 'host'> {
  /** `/api/v1` or `/apis/<group>/<version>` */
  readonly group: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Of a create: the object; of a patch: its operations (RFC 6902); of a delete: its DeleteOptions. */
  readonly body?: object;
  /** Milliseconds from the request to the end of the answer. */
  readonly withinMs: number;
  /** A Bearer token for this request, in the place of the account's. */
  readonly token?: string;
}

const transports = {
  get: { method: HttpMethod.GET, contentType: '' },
  list: { method: HttpMethod.GET, contentType: '' },
  watch: { method: HttpMethod.GET, contentType: '' },
  create: { method: HttpMethod.POST, contentType: 'application/json' },
  patch: { method: HttpMethod.PATCH, contentType: 'application/json-patch+json' },
  delete: { method: HttpMethod.DELETE, contentType: 'application/json' },
} as const satisfies Record<Attempt['verb'], object>;

const maxErrorBytes = 64 * 1024;
/** A list of a namespace; more is a mistake or an attack. */
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * Requests over the client's authenticated transport, without its generated methods: these take no AbortSignal, open a new
 * connection for each request, and read bodies without a bound. Throws RemoteError, or the signal's reason.
 */
export class ApiClient {
  readonly #config: KubeConfig;
  readonly #server: string;
  readonly #clock: Clock;
  readonly #http = new IsomorphicFetchHttpLibrary();
  #dispatcher: ReturnType<RequestContext['getDispatcher']>;

  constructor(config: KubeConfig, server: string, clock: Clock) {
    this.#config = config;
    this.#server = server;
    this.#clock = clock;
  }

  async json<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    const text = await this.text(request, signal);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw this.#lost(request, cause);
    }
  }

  async text(request: ApiRequest, signal: AbortSignal): Promise<string> {
    return this.#within(request, signal, async (body) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of body) {
        length += chunk.length;
        if (length > maxAnswerBytes) throw new Error(`longer than ${maxAnswerBytes} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString('utf8');
    });
  }

  /** Hands each line of the answer over as it comes; a last line without its end is dropped. */
  async lines(request: ApiRequest, signal: AbortSignal, take: (line: string) => void): Promise<void> {
    const maxLineLength = 16 * 1024 * 1024;
    await this.#within(request, signal, async (body) => {
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of body) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > maxLineLength) throw new Error(`a line is longer than ${maxLineLength} characters`);
        for (const line of lines) take(line);
      }
    });
  }

  /** Lets `read` read an answer as it comes, once it has begun. `withinMs` is the longest silence here, no limit of the whole. */
  async stream<T>(
    request: ApiRequest,
    signal: AbortSignal,
    read: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    return this.#within(request, signal, (body, limit) => read(restarting(limit, body)));
  }

  async #within<T>(
    request: ApiRequest,
    signal: AbortSignal,
    read: (body: AsyncIterable<Uint8Array>, limit: TimeLimit) => Promise<T>,
  ): Promise<T> {
    const limit = new TimeLimit(this.#clock, request.withinMs);
    try {
      limit.start();
      const answer = await this.#send(request, AbortSignal.any([signal, limit.signal]));
      return await read(bodyOf(answer), limit);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RemoteError
        ? error
        : this.#lost(request, limit.signal.aborted ? limit.signal.reason : error);
    } finally {
      // What has not been read is not wanted any more.
      limit.end();
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<ResponseContext> {
    const { method, contentType } = transports[request.verb];
    const context = new RequestContext(this.#url(request), method);
    for (const [name, value] of Object.entries(request.query ?? {})) context.setQueryParam(name, value);
    context.setHeaderParam('Accept', 'application/json');
    context.setHeaderParam('User-Agent', 'fragalysis-actions');
    if (request.body) {
      context.setHeaderParam('Content-Type', contentType);
      context.setBody(JSON.stringify(request.body));
    }
    context.setSignal(signal);
    await this.#config.applySecurityAuthentication(context);
    if (request.token !== undefined) context.setHeaderParam('Authorization', `Bearer ${request.token}`);
    // The client makes a new connection pool for each request; one is kept and shared.
    this.#dispatcher ??= context.getDispatcher();
    if (this.#dispatcher) context.setDispatcher(this.#dispatcher);
    const answer = await this.#http.send(context).toPromise();
    if (answer.httpStatusCode >= 200 && answer.httpStatusCode < 300) return answer;
    throw answerError(this.#attempt(request), answer.httpStatusCode, await beginningOf(answer));
  }

  #url({ group, namespace, resource, name }: ApiRequest): string {
    const [collection = '', subresource] = resource.split('/');
    const place = namespace === undefined ? [] : ['namespaces', namespace];
    const parts = [...place, collection, name, subresource].filter((part) => part !== undefined);
    return `${this.#server}${group}/${parts.map(encodeURIComponent).join('/')}`;
  }

  #lost(request: ApiRequest, cause: unknown): RemoteError {
    return connectionError(this.#attempt(request), cause);
  }

  #attempt({ verb, resource, namespace, name }: ApiRequest): Attempt {
    const host = new URL(this.#server).host;
    const where = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
    return { verb, resource, ...where, host };
  }

  /** The error for an ERROR of the API server within a watch; `status` is its code. */
  streamError(request: ApiRequest, status: number, object: unknown): RemoteError {
    return streamError(this.#attempt(request), status, JSON.stringify(object));
  }
}

/** There is no stream for 204. */
function bodyOf(answer: ResponseContext): AsyncIterable<Uint8Array> {
  return answer.body.stream() ?? new Blob([]).stream();
}

async function* restarting(limit: TimeLimit, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    limit.start();
    yield chunk;
  }
}

async function beginningOf(answer: ResponseContext): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of bodyOf(answer)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxErrorBytes) break;
  }
  return text;
}

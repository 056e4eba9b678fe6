import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AnswerBody } from './answer-body.ts';
import { RegistryError } from './failure.ts';
import { connectionError, lost, within } from './lost-connection.ts';
import type { HttpAnswer } from './transport.ts';
import { commonHeaders, maxErrorBytes } from './transport.ts';

/** Bytes that are given a piece at a time, as they are taken. */
export interface Pieces {
  /** Undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
}

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent, and how many bytes that are. */
  readonly upload?: { readonly pieces: Pieces; readonly length: number };
  readonly what: string;
  readonly signal: AbortSignal;
  /** Without a byte, or without an answer at the end; milliseconds. */
  readonly idleMs: number;
  /** Waiting for the registry to take all that is sent, and to send all that is read; the other side of a copy is not counted. */
  readonly streamMs: number;
}

/** A registry may put a large blob together before it answers: it gets a second more for so many bytes. */
const assembledPerS = 4 * 1024 * 1024;

/**
 * Sends one request with bytes that are not held in memory, or for such: the body of a good answer to GET is given as it comes. Once:
 * what was taken of `pieces` is gone. Gives the answer, or what was lost on the way to it; throws what `pieces` throws. By
 * node:http and not by fetch, which gives up on an answer that comes later than five minutes after its request was begun, however
 * long the body takes (undici, headersTimeout), and needs half as much memory again.
 */
export async function exchange(request: Exchange): Promise<HttpAnswer | RegistryError> {
  const { method, url, headers, upload, signal } = request;
  signal.throwIfAborted();
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const all = { ...commonHeaders, ...headers, ...(upload && { 'content-length': upload.length }) };
  return new Sending(open(url, { method, headers: all, signal }), request).run();
}

class Sending {
  readonly #outgoing: ClientRequest;
  readonly #request: Exchange;
  #response: IncomingMessage | undefined;
  #failure: RegistryError | undefined;
  #wake: () => void = () => undefined;
  /** Milliseconds that the other side has let it wait. */
  #waitedMs = 0;

  constructor(outgoing: ClientRequest, request: Exchange) {
    this.#outgoing = outgoing;
    this.#request = request;
    const { url, what } = request;
    outgoing.on('drain', () => this.#wake());
    outgoing.on('response', (response) => {
      this.#response = response;
      // An answer that is cut later on is an error of this stream as well.
      response.on('error', () => undefined);
      this.#wake();
    });
    outgoing.on('error', (error) => this.#fail(connectionError(what, url, error)));
  }

  async run(): Promise<HttpAnswer | RegistryError> {
    const { signal, idleMs, upload } = this.#request;
    let isKept = false;
    try {
      await this.#send();
      const assemblingMs = ((upload?.length ?? 0) / assembledPerS) * 1000;
      while (!this.#isOver()) await this.#woken(idleMs + assemblingMs);
      const answer = this.#response ? await this.#answer(this.#response) : this.#failure;
      signal.throwIfAborted();
      isKept = answer !== undefined && 'body' in answer;
      return answer ?? this.#lost('gave no answer');
    } finally {
      // What was answered before all was sent, or not read to its end, leaves the connection of no use.
      if (!isKept && (!this.#outgoing.writableFinished || this.#response?.complete !== true)) this.#outgoing.destroy();
      signal.throwIfAborted();
    }
  }

  async #send(): Promise<void> {
    const { upload, idleMs } = this.#request;
    const outgoing = this.#outgoing;
    const length = upload?.length ?? 0;
    let given = 0;
    while (!this.#isOver()) {
      const piece = await upload?.pieces.next();
      given += piece?.length ?? 0;
      // On a connection that is used again, the difference would be taken for a request, or a request for it.
      if (given > length || (!piece && given < length)) throw this.#misfit(given, length);
      if (!piece) return void outgoing.end();
      if (outgoing.write(piece)) continue;
      while (!this.#isOver() && outgoing.writableNeedDrain) await this.#woken(idleMs);
    }
  }

  #misfit(given: number, length: number): RegistryError {
    const what = `${this.#request.what} failed: there are ${given} bytes to send in place of ${length}`;
    return new RegistryError(what, { retryable: false });
  }

  #isOver(): boolean {
    return this.#response !== undefined || this.#failure !== undefined;
  }

  #fail(error: RegistryError): void {
    this.#failure ??= error;
    this.#wake();
  }

  #lost(reason: string): RegistryError {
    return lost(this.#request.what, `${this.#request.url.host} ${reason}`);
  }

  /** Until something has happened; that nothing has for `ms` is a failure. */
  async #woken(ms: number): Promise<void> {
    const { streamMs } = this.#request;
    const leftMs = streamMs - this.#waitedMs;
    const why = ms < leftMs ? `took nothing for ${ms / 1000} s` : `did not take it in full within ${streamMs / 1000} s`;
    const started = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#fail(this.#lost(why)), Math.min(ms, leftMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#waitedMs += performance.now() - started;
  }

  async #answer(response: IncomingMessage): Promise<HttpAnswer | RegistryError> {
    const { method, url, what, signal, idleMs, streamMs } = this.#request;
    const headers = new Headers();
    for (const [name, values = []] of Object.entries(response.headersDistinct)) {
      for (const value of values) headers.append(name, value);
    }
    const answer = { url, status: response.statusCode ?? 0, headers };
    if (method === 'GET' && answer.status >= 200 && answer.status < 300) {
      const body = new AnswerBody(response, { url, what, signal, idleMs, streamMs });
      return { ...answer, bytes: new Uint8Array(), body };
    }
    try {
      const late = () => this.#lost(`did not answer in full within ${idleMs / 1000} s`);
      return { ...answer, bytes: await within(idleMs, readBounded(response), late) };
    } catch (error) {
      return this.#failure ?? connectionError(what, url, error);
    }
  }
}

async function readBounded(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxErrorBytes) break;
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, maxErrorBytes));
}

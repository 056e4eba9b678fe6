import type { Clock } from '../../ports/clock.ts';
import type { AnswerBody } from './answer-body.ts';
import { exchange } from './exchange.ts';
import { answerError, RegistryError, type Secrets } from './failure.ts';
import { connectionError, lost } from './lost-connection.ts';
import { readRetryAfter, withRetries } from './retry.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** A larger body of a good answer is an error. */
  readonly maxBytes: number;
  /** For GET: the body of a good answer is not read but given as it comes; milliseconds that all of it may take. */
  readonly streamMs?: number;
  /** What is done, for messages: `reading manifest latest of ghcr.io/org/web`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** Empty when the body is given as it comes. */
  readonly bytes: Uint8Array;
  readonly body?: AnswerBody;
}

/** Sends one request and reads its answer, tried again where that can help; any status that is not passing is given back. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** What of a refusal is read. */
export const maxErrorBytes = 8 * 1024;
/** Stored bytes are wanted as they are, not compressed on the way and unpacked past their bound. */
export const commonHeaders = { 'user-agent': 'fragalysis-actions', 'accept-encoding': 'identity' };
const passing = [408, 429, 500, 502, 503, 504];

interface TransportOptions {
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Bounds each try from the first byte sent to the last one read. */
  readonly requestTimeoutMs: number;
}

export function createTransport({ clock, secrets, requestTimeoutMs }: TransportOptions): Transport {
  return (request) =>
    withRetries(clock, request.signal, async () => {
      const answer = await sendOnce(request, requestTimeoutMs);
      const error = passingError(request.what, answer, secrets, clock);
      if (error) throw error;
      return answer;
    });
}

/** An answer that says "not now" as an error; undefined for any other. */
export function passingError(
  what: string,
  answer: HttpAnswer,
  secrets: Secrets,
  clock: Clock,
): RegistryError | undefined {
  if (!passing.includes(answer.status)) return undefined;
  const retryAfterMs = readRetryAfter(answer.headers, clock.now());
  return answerError(what, answer, secrets, { retryable: true, retryAfterMs });
}

/** One try. */
export async function sendOnce(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  const { url, method, signal, what, maxBytes, streamMs } = request;
  if (streamMs !== undefined) {
    const answer = await exchange({ ...request, method: 'GET', streamMs, idleMs: timeoutMs });
    if (answer instanceof RegistryError) throw answer;
    return answer;
  }
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers: { ...commonHeaders, ...request.headers },
      body: request.body ?? null,
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
    });
    const answer = { url, status: response.status, headers: response.headers };
    const bytes = response.ok
      ? await readBounded(response, maxBytes, () => tooLarge(what, url, maxBytes))
      : await readBounded(response, maxErrorBytes);
    return { ...answer, bytes };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) throw error;
    if (late.signal.aborted) throw lost(what, `${url.host} did not answer in full within ${timeoutMs / 1000} s`, error);
    throw connectionError(what, url, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body up to `maxBytes`; what lies beyond is an error when `tooLong` makes one, and cut off otherwise. */
async function readBounded(response: Response, maxBytes: number, tooLong?: () => Error): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = (await reader.read()) as { done: boolean; value: Uint8Array | undefined };
    if (done || !value) break;
    chunks.push(value);
    size += value.length;
    if (size > maxBytes) {
      // The connection is given up with the rest of the body on it; whether that goes well does not matter any more.
      reader.cancel().catch(() => undefined);
      if (tooLong) throw tooLong();
      break;
    }
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, maxBytes));
}

function tooLarge(what: string, url: URL, maxBytes: number): RegistryError {
  return new RegistryError(`${what} failed: the answer of ${url.host} is larger than ${maxBytes} bytes`, {
    retryable: false,
  });
}

import type { Clock } from '../../ports/clock.ts';
import { answerError, RegistryError, type Secrets } from './failure.ts';
import { readRetryAfter, withRetries } from './retry.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** A larger body of a good answer is an error. */
  readonly maxBytes: number;
  /** What is done, for messages: `reading manifest latest of ghcr.io/org/web`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Sends one request and reads its answer, tried again where that can help; any status that is not passing is given back. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

const maxErrorBytes = 8 * 1024;
const passing = [408, 429, 500, 502, 503, 504];

/** `requestTimeoutMs` bounds each try from the first byte sent to the last one read. */
export function createTransport(options: { clock: Clock; secrets: Secrets; requestTimeoutMs: number }): Transport {
  const { clock, secrets, requestTimeoutMs } = options;
  return (request) =>
    withRetries(clock, request.signal, async () => {
      const answer = await sendOnce(request, requestTimeoutMs);
      if (!passing.includes(answer.status)) return answer;
      const retryAfterMs = readRetryAfter(answer.headers, clock.now());
      throw answerError(request.what, answer, secrets, { retryable: true, retryAfterMs });
    });
}

async function sendOnce(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  const { url, method, signal, what, maxBytes } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      // Stored bytes are wanted as they are, not compressed on the way and unpacked past their bound.
      headers: { 'user-agent': 'fragalysis-actions', 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    const bytes = response.ok
      ? await readBounded(response, maxBytes, () => tooLarge(what, url, maxBytes))
      : await readBounded(response, maxErrorBytes);
    return { url, status: response.status, headers: response.headers, bytes };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) throw error;
    if (timeout.aborted) throw lost(what, `${url.host} did not answer in full within ${timeoutMs / 1000} s`, error);
    throw connectionError(what, url, error);
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

function lost(what: string, reason: string, cause: unknown): RegistryError {
  return new RegistryError(`${what} failed: ${reason}`, { retryable: true, cause });
}

/** Node's codes are the only part of a client's error that is shown: its texts may hold addresses and headers. */
function connectionError(what: string, url: URL, error: unknown): RegistryError {
  const { code: given } = ((error as { cause?: unknown } | null)?.cause ?? {}) as { code?: unknown };
  const code = typeof given === 'string' ? given : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS/.test(code)) {
    return new RegistryError(`${what} failed: the certificate of ${url.host} is not trusted (${code})`, {
      retryable: false,
      hint: 'When it is signed by an authority of your own, name its certificate file in NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
  if (code === 'ENOTFOUND') {
    const hint = 'Is the name of the registry written correctly?';
    return new RegistryError(`${what} failed: there is no host ${url.hostname}`, {
      retryable: false,
      hint,
      cause: error,
    });
  }
  return lost(what, `the connection to ${url.host} failed${/^\w+$/.test(code) ? ` (${code})` : ''}`, error);
}

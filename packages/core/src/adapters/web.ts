import { RemoteError } from '../errors/errors.ts';
import type { Web } from '../ports/web.ts';

const maxBytes = 256 * 1024;

export const fetchWeb: Web = {
  async get(url, timeoutMs, signal) {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const headers = { accept: '*/*', 'user-agent': 'fragalysis-actions' };
      const answer = await fetch(withoutUser(url), { redirect: 'manual', cache: 'no-store', headers, signal: either });
      return { status: answer.status, body: await readStart(answer) };
    } catch (error) {
      signal.throwIfAborted();
      const where = `${url.origin}${url.pathname}`;
      const what = timeout.aborted
        ? `did not answer within ${timeoutMs / 1000} s`
        : `cannot be reached${codeOf(error)}`;
      throw new RemoteError('web', `${where} ${what}`, { retryable: true, cause: error });
    }
  },
};

/** fetch refuses a URL that holds credentials; none are sent. */
function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

async function readStart(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    const part = (chunk as Uint8Array).subarray(0, maxBytes - length);
    chunks.push(part);
    length += part.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The system's own code, such as ECONNREFUSED or CERT_HAS_EXPIRED: it names the reason and holds nothing else. */
function codeOf(error: unknown): string {
  const cause: unknown = (error as { cause?: unknown } | undefined)?.cause;
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}

import { RegistryError } from './failure.ts';
import type { HttpAnswer } from './transport.ts';

export interface Pages {
  readonly first: URL;
  /** For messages: `listing the tags of ghcr.io/org/web`. */
  readonly what: string;
  readonly maxPages: number;
  /** Gives what may be a page; `maxBytes` bounds it. */
  readonly get: (url: URL, maxBytes: number) => Promise<HttpAnswer>;
}

const maxPageBytes = 4 * 1024 * 1024;

/** Page after page, as the Link of each names the next. */
export async function* readPages({ first, what, maxPages, get }: Pages): AsyncGenerator<HttpAnswer> {
  const failed = (why: string) => new RegistryError(`${what} failed: ${first.host} ${why}`, { retryable: false });
  const seen = new Set<string>();
  let next: URL | undefined = first;
  while (next) {
    if (seen.has(next.href) || seen.size === maxPages)
      throw failed(`leads from page to page without an end (${seen.size} pages read)`);
    seen.add(next.href);
    const answer = await get(next, maxPageBytes);
    yield answer;
    next = nextPage(answer, failed);
  }
}

/** The Link with rel="next" (RFC 8288, section 3). Its host must be the registry's own: it is asked with the login. */
function nextPage(answer: HttpAnswer, failed: (why: string) => Error): URL | undefined {
  for (const [, target = '', parameters = ''] of (answer.headers.get('link') ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?[^",;]*\bnext\b/i.test(parameters)) continue;
    const url = URL.parse(target, answer.url.href);
    if (url?.host !== answer.url.host || !/^https?:$/.test(url.protocol))
      throw failed('names a next page on another host');
    return onOrigin(answer.url, url);
  }
  return undefined;
}

/** Behind a proxy a registry may take itself for http: path and query are `target`'s, the origin stays the one in use. */
export function onOrigin(origin: URL, target: URL): URL {
  const url = new URL(origin);
  url.pathname = target.pathname;
  url.search = target.search;
  return url;
}

import { z } from 'zod';
import { isTag } from '../../domain/image-reference.ts';
import { RegistryError } from './failure.ts';
import type { HttpAnswer } from './transport.ts';

const pageSize = 1_000;
const maxPageBytes = 4 * 1024 * 1024;
const maxPages = 1_000;
const maxTags = 200_000;

const tagPage = z.object({ tags: z.array(z.string().refine(isTag)).nullable() });

/** Reads page after page, as the Link of each names the next; `get` answers 200, or 404 where there is no such repository. */
export async function readAllTags(
  first: URL,
  what: string,
  get: (url: URL, maxBytes: number) => Promise<HttpAnswer>,
): Promise<string[]> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  let next: URL | undefined = new URL(first);
  next.searchParams.set('n', String(pageSize));
  while (next) {
    const failed = (why: string) => new RegistryError(`${what} failed: ${first.host} ${why}`, { retryable: false });
    if (seen.has(next.href) || seen.size === maxPages)
      throw failed(`leads from page to page without an end (${seen.size} pages read)`);
    seen.add(next.href);
    const answer = await get(next, maxPageBytes);
    if (answer.status === 404 && seen.size === 1) return [];
    const page = readPage(answer);
    if (!page) throw failed('answered with a page that is not a list of tags, or is cut short');
    for (const tag of page) tags.add(tag);
    if (tags.size > maxTags) throw failed(`has more than ${maxTags} tags`);
    next = nextPage(answer, failed);
  }
  return [...tags];
}

function readPage(answer: HttpAnswer): readonly string[] | undefined {
  try {
    const page = tagPage.safeParse(JSON.parse(new TextDecoder().decode(answer.bytes)));
    return page.success ? (page.data.tags ?? []) : undefined;
  } catch {
    return undefined;
  }
}

/** The Link with rel="next" (RFC 8288, section 3). Its host must be the registry's own: it is asked with the login. */
function nextPage(answer: HttpAnswer, failed: (why: string) => Error): URL | undefined {
  for (const [, target = '', parameters = ''] of (answer.headers.get('link') ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?[^",;]*\bnext\b/i.test(parameters)) continue;
    const url = URL.parse(target, answer.url.href);
    if (url?.host !== answer.url.host || !/^https?:$/.test(url.protocol))
      throw failed('names a next page on another host');
    // Behind a proxy a registry may take itself for http: the path is its own, the origin stays the one in use.
    const next = new URL(answer.url);
    next.pathname = url.pathname;
    next.search = url.search;
    return next;
  }
  return undefined;
}

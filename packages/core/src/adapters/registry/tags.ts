import { z } from 'zod';
import { isTag } from '../../domain/image-reference.ts';
import { RegistryError } from './failure.ts';
import { readPages } from './pages.ts';
import type { HttpAnswer } from './transport.ts';

const pageSize = 1_000;
const maxPages = 1_000;
const maxTags = 200_000;

const tagPage = z.object({ tags: z.array(z.string().refine(isTag)).nullable() });

/** Reads all pages; `get` answers 200, or 404 where there is no such repository (distribution spec 1.1, "Listing tags"). */
export async function readAllTags(
  list: URL,
  what: string,
  get: (url: URL, maxBytes: number) => Promise<HttpAnswer>,
): Promise<string[]> {
  const failed = (why: string) => new RegistryError(`${what} failed: ${list.host} ${why}`, { retryable: false });
  const tags = new Set<string>();
  const first = new URL(list);
  first.searchParams.set('n', String(pageSize));
  for await (const answer of readPages({ first, what, maxPages, get })) {
    if (answer.status === 404 && answer.url.href === first.href) return [];
    const page = readPage(answer);
    if (!page) throw failed('answered with a page that is not a list of tags, or is cut short');
    for (const tag of page) tags.add(tag);
    if (tags.size > maxTags) throw failed(`has more than ${maxTags} tags`);
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

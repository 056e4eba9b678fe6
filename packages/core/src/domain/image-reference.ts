import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';

/** A repository of a registry: `host` with its port as written, `path` without a leading slash. */
export interface Repository {
  readonly host: string;
  readonly path: string;
}

/** A repository with a tag, a digest, or both (the digest decides then). */
export interface ImageReference extends Repository {
  readonly tag?: string;
  readonly digest?: Digest;
}

// Grammar: github.com/distribution/reference, reference.go; tag and name limits: OCI distribution spec 1.1, "Pulling manifests".
const hostPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/**
 * Reads `host[:port]/path`. The host must be written: `docker.io` is never assumed, so a typing error cannot send
 * credentials elsewhere. Undefined when the text is none.
 */
export function parseRepository(text: string): Repository | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const host = text.slice(0, slash);
  const path = text.slice(slash + 1);
  const port = /:(\d+)$/.exec(host)?.[1];
  if (port !== undefined && Number(port) > 65_535) return undefined;
  const looksLikeHost = host === 'localhost' || /[.:[]/.test(host);
  if (!looksLikeHost || !hostPattern.test(host) || !pathPattern.test(path) || path.length > 255) return undefined;
  return { host, path };
}

/** Reads `host[:port]/path[:tag][@digest]`; undefined when the text is none. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) return undefined;
  const colon = name.indexOf(':', name.lastIndexOf('/'));
  const repository = parseRepository(colon < 0 ? name : name.slice(0, colon));
  if (!repository) return undefined;
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) return undefined;
  return { ...repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

export function formatRepository({ host, path }: Repository): string {
  return `${host}/${path}`;
}

export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${formatRepository(reference)}${tag}${digest}`;
}

export function sameRepository(a: Repository, b: Repository): boolean {
  return a.host === b.host && a.path === b.path;
}

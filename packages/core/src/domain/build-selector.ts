import type { BuildNumber } from './build.ts';
import { buildNumberOfTag, latestTag, parseBuildNumber } from './build.ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';

/** Which build is meant: what an operator writes into the input `build`. */
export type BuildSelector =
  | { readonly kind: 'latest' }
  | { readonly kind: 'number'; readonly number: BuildNumber }
  | { readonly kind: 'digest'; readonly digest: Digest };

export const buildSelectorForm = 'latest, a build number such as 412 or latest-412, or sha256: and 64 hex digits';

/** Reads `latest`, `412`, `latest-412`, `sha256:…`; undefined when the text is none of them. */
export function parseBuildSelector(text: string): BuildSelector | undefined {
  if (text === latestTag) return { kind: 'latest' };
  if (isDigest(text)) return { kind: 'digest', digest: text };
  const number = parseBuildNumber(text) ?? buildNumberOfTag(text);
  return number === undefined ? undefined : { kind: 'number', number };
}

import type { BuildNumber } from './build.ts';
import { buildNumberOfTag, latestTag, parseBuildNumber } from './build.ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { parseVersion } from './version.ts';

/** Which build is meant: what an operator writes into the input `build`. */
export type BuildSelector =
  | { readonly kind: 'latest' }
  | { readonly kind: 'number'; readonly number: BuildNumber }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** Which build is promoted: as well what was stable before, so many builds back, or a version. */
export type PromotionSelector =
  | BuildSelector
  /** What was stable before the present stable. */
  | { readonly kind: 'previous' }
  /** The newest build by number is 0 back. */
  | { readonly kind: 'back'; readonly builds: number }
  | { readonly kind: 'version'; readonly version: string };

export const buildSelectorForm = 'latest, a build number such as 412 or latest-412, or sha256: and 64 hex digits';

export const promotionSelectorForm =
  'a build number such as 412 or latest-412, latest, previous (what was stable before), -1 (one build before the newest), ' +
  'a version such as 2026.08.3, or sha256: and 64 hex digits';

/** Reads `latest`, `412`, `latest-412`, `sha256:…`; undefined when the text is none of them. */
export function parseBuildSelector(text: string): BuildSelector | undefined {
  if (text === latestTag) return { kind: 'latest' };
  if (isDigest(text)) return { kind: 'digest', digest: text };
  const number = parseBuildNumber(text) ?? buildNumberOfTag(text);
  return number === undefined ? undefined : { kind: 'number', number };
}

/** Reads what parseBuildSelector does, `previous`, `-1` to `-9999`, and a version; undefined when the text is none of them. */
export function parsePromotionSelector(text: string): PromotionSelector | undefined {
  if (text === 'previous') return { kind: 'previous' };
  if (/^-[1-9]\d{0,3}$/.test(text)) return { kind: 'back', builds: -Number(text) };
  const version = parseVersion(text);
  return version === undefined ? parseBuildSelector(text) : { kind: 'version', version };
}

/** As it is written in the input. */
export function formatSelector(selector: PromotionSelector): string {
  switch (selector.kind) {
    case 'latest':
    case 'previous':
      return selector.kind;
    case 'number':
      return String(selector.number);
    case 'digest':
      return selector.digest;
    case 'back':
      return `-${selector.builds}`;
    case 'version':
      return selector.version;
  }
}

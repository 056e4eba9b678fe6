import type { Digest } from './digest.ts';
import { shortDigest } from './digest.ts';

/** Names that the old system gave and that stay: tags `latest`, `latest-N`, `stable`, label `build.number`. N counts from 1. */
export const latestTag = 'latest';
export const stableTag = 'stable';
export const buildNumberLabel = 'build.number';
export const revisionLabel = 'org.opencontainers.image.revision';
export const sourceLabel = 'org.opencontainers.image.source';
export const createdLabel = 'org.opencontainers.image.created';
export const versionLabel = 'org.opencontainers.image.version';

/** A build number: a whole number from 1 to 999999999. */
export type BuildNumber = number;

/** Reads `412`, without sign, leading zero or space; undefined when the text is none. */
export function parseBuildNumber(text: string): BuildNumber | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

export function buildTag(number: BuildNumber): string {
  return `${latestTag}-${number}`;
}

/** What a build is called: `latest-412`; one without a number, by the beginning of its digest. */
export function buildName({ number, digest }: { number: BuildNumber | undefined; digest: Digest }): string {
  return number === undefined ? shortDigest(digest) : buildTag(number);
}

/** The number of a tag `latest-N`; undefined for any other tag. */
export function buildNumberOfTag(tag: string): BuildNumber | undefined {
  return tag.startsWith(`${latestTag}-`) ? parseBuildNumber(tag.slice(latestTag.length + 1)) : undefined;
}

/** The build numbers among tags, the highest first. */
export function buildNumbers(tags: readonly string[]): BuildNumber[] {
  return tags.flatMap((tag) => buildNumberOfTag(tag) ?? []).sort((a, b) => b - a);
}

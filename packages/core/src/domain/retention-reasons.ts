import { buildNumberOfTag, buildTag, latestTag } from './build.ts';
import type { BuildNumber } from './build.ts';
import type { Digest } from './digest.ts';
import { shortDigest } from './digest.ts';
import type { Inventory, Relations } from './retention-inventory.ts';
import { ownerOfTag } from './retention-inventory.ts';
import type { RetentionRule } from './retention-rule.ts';
import type { Day } from './working-days.ts';
import { dayIn, firstWorkingDay, formatDay, parseDay } from './working-days.ts';

/** Why a manifest stays. */
export type KeepReason =
  | { readonly is: 'running'; readonly where: string }
  | { readonly is: 'stable' }
  /** Its tag came or moved while this run was reading. */
  | { readonly is: 'changed'; readonly tag: string }
  | { readonly is: 'version'; readonly version: string }
  | { readonly is: 'promoted'; readonly last: number }
  /** It has a tag that is not its own `latest-N`: `latest`, one that somebody has set. */
  | { readonly is: 'tagged'; readonly tag: string }
  /** It has the `latest-N` of another build as well. */
  | { readonly is: 'shared'; readonly tag: string }
  | { readonly is: 'future' }
  | { readonly is: 'undated' }
  | { readonly is: 'window'; readonly first: string }
  | { readonly is: 'newest'; readonly atLeast: number }
  /** Of what stays: `of` is an index that lists it, what refers to it, or what it refers to or is named after. */
  | { readonly is: 'child' | 'subject' | 'belongs'; readonly of: Digest };

/** Why a manifest goes: nothing keeps it, it goes with `of`, or an earlier run meant to delete it. */
export type GoReason =
  | { readonly is: 'expired'; readonly first: string; readonly atLeast: number }
  | { readonly is: 'with'; readonly of: Digest }
  | { readonly is: 'leftover' };

/** A digest that has a tag `latest-N`. */
export interface Build {
  readonly digest: Digest;
  /** Its tags `latest-N`, the lowest first. */
  readonly tags: readonly string[];
  /** The highest N. */
  readonly number: BuildNumber;
  readonly created: Date | undefined;
}

/** All builds, the newest first: by time, those of one time by number, those without a time last. */
export function buildsOf({ tags, manifests }: Inventory): readonly Build[] {
  const numbers = new Map<Digest, BuildNumber[]>();
  for (const [tag, digest] of tags) {
    const number = buildNumberOfTag(tag);
    if (number !== undefined) numbers.set(digest, [...(numbers.get(digest) ?? []), number]);
  }
  const builds = [...numbers].map(([digest, found]) => {
    const sorted = found.toSorted((a, b) => a - b);
    return {
      digest,
      tags: sorted.map(buildTag),
      number: sorted.at(-1) ?? 0,
      created: manifests.get(digest)?.created,
    };
  });
  const time = ({ created }: Build) => created?.getTime() ?? -Infinity;
  return builds.sort((a, b) => (time(a) === time(b) ? b.number - a.number : time(b) > time(a) ? 1 : -1));
}

/** The first day of the window of working days. */
export function windowStart({ workingDays, timeZone, holidays }: RetentionRule, now: Date): Day {
  const days = new Set(holidays.flatMap((text) => parseDay(text) ?? []));
  return firstWorkingDay(dayIn(now, timeZone), workingDays, days);
}

/** Why the digest stays whatever its age; undefined when nothing protects it by itself. */
export function protectionOf(
  digest: Digest,
  inventory: Inventory,
  { keepPromoted }: RetentionRule,
): KeepReason | undefined {
  const where = inventory.running.get(digest);
  if (where !== undefined) return { is: 'running', where };
  if (inventory.stable === digest) return { is: 'stable' };
  const changed = inventory.changed.get(digest);
  if (changed !== undefined) return { is: 'changed', tag: changed };
  const version = inventory.versions.get(digest);
  if (version !== undefined) return { is: 'version', version };
  const last = inventory.promoted.indexOf(digest) + 1;
  return last > 0 && last <= keepPromoted ? { is: 'promoted', last } : undefined;
}

/** Why the tags of the digest keep it; undefined when it has none but its own `latest-N`, and those named after an image. */
export function reasonOfTags(
  digest: Digest,
  { manifests }: Inventory,
  { tagsOf }: Relations,
  isKnown: (owner: Digest) => boolean,
): KeepReason | undefined {
  const tags = tagsOf(digest);
  const builds = tags.filter((tag) => buildNumberOfTag(tag) !== undefined);
  const ordinary = tags.find((tag) => buildNumberOfTag(tag) === undefined && !belongs(tag));
  if (ordinary !== undefined) return { is: 'tagged', tag: tags.includes(latestTag) ? latestTag : ordinary };
  const number = manifests.get(digest)?.number;
  const own = number !== undefined ? buildTag(number) : builds.length === 1 ? builds[0] : undefined;
  const other = builds.find((tag) => tag !== own);
  return other === undefined ? undefined : { is: 'shared', tag: other };

  /** A tag named after an image that is not known here is nobody's to delete, and neither is that of a build. */
  function belongs(tag: string): boolean {
    const owner = ownerOfTag(tag);
    return owner !== undefined && owner !== digest && isKnown(owner) && builds.length === 0;
  }
}

/** Why its age keeps a build, `place` counting from 1 for the newest. */
export function reasonOfAge(
  { created }: Build,
  place: number,
  { atLeast, timeZone }: RetentionRule,
  first: Day,
  now: Date,
): KeepReason | undefined {
  if (!created) return { is: 'undated' };
  if (created > now) return { is: 'future' };
  if (dayIn(created, timeZone) >= first) return { is: 'window', first: formatDay(first) };
  return place <= atLeast ? { is: 'newest', atLeast } : undefined;
}

const ties = { child: 'is listed by', subject: 'is the subject of', belongs: 'belongs to' } as const;

/** Such as `runs in Deployment dev/web of project test`. */
export function describeKeep(reason: KeepReason): string {
  switch (reason.is) {
    case 'running':
      return `runs in ${reason.where}`;
    case 'stable':
      return 'is stable';
    case 'changed':
      return `is what the tag ${reason.tag} has come to, or gone from, while this run was reading`;
    case 'version':
      return `is version ${reason.version}`;
    case 'promoted':
      return reason.last === 1 ? 'was promoted last' : `is number ${reason.last} of those promoted last`;
    case 'tagged':
      return `has the tag ${reason.tag}`;
    case 'shared':
      return `has the tag ${reason.tag} of another build`;
    case 'future':
      return 'is dated in the future';
    case 'undated':
      return 'has no date';
    case 'window':
      return `is of ${reason.first} or later, the working days that stay`;
    case 'newest':
      return `is among the newest ${reason.atLeast}`;
    default:
      return `${ties[reason.is]} ${shortDigest(reason.of)}, which stays`;
  }
}

export function describeGo(reason: GoReason): string {
  switch (reason.is) {
    case 'expired':
      return `is older than ${reason.first}, and not among the newest ${reason.atLeast}`;
    case 'with':
      return `goes with ${shortDigest(reason.of)}`;
    case 'leftover':
      return 'was left over by an earlier run';
  }
}

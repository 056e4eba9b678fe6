import type { Digest } from './digest.ts';
import type { Inventory, Relations } from './retention-inventory.ts';
import { isReferrersTag, relationsOf } from './retention-inventory.ts';
import type { Removal } from './retention-order.ts';
import { orderRemovals } from './retention-order.ts';
import type { Build, GoReason, KeepReason } from './retention-reasons.ts';
import { buildsOf, protectionOf, reasonOfAge, reasonOfTags, windowStart } from './retention-reasons.ts';
import type { RetentionRule } from './retention-rule.ts';
import { formatDay } from './working-days.ts';

export type Verdict =
  { readonly keep: true; readonly because: KeepReason } | { readonly keep: false; readonly because: GoReason };

export type BuildVerdict = Build & Verdict;

export interface RetentionPlan {
  /** Every build, the newest first. */
  readonly builds: readonly BuildVerdict[];
  /** Every manifest that is known to stay or to go; what is in neither is not touched. */
  readonly verdicts: ReadonlyMap<Digest, Verdict>;
  /** What to do, in this order: docs/prune-builds.md, "Order". */
  readonly removals: readonly Removal[];
}

/**
 * Which builds stay, by the rule of design.md, "Retention". What is not a build, nor part of one or attached to one, is kept; so is
 * all that hangs together with what is kept.
 */
export function planRetention(inventory: Inventory, rule: RetentionRule, now: Date): RetentionPlan {
  const relations = relationsOf(inventory);
  const builds = buildsOf(inventory);
  const first = windowStart(rule, now);
  const kept = new Map<Digest, KeepReason>();
  const keep = (digest: Digest, because: KeepReason | undefined) => {
    if (because && !kept.has(digest)) kept.set(digest, because);
  };
  const isKnown = ownersKnownTo(inventory, relations);
  const all = new Set([
    ...inventory.tags.values(),
    ...inventory.manifests.keys(),
    ...inventory.leftovers,
    ...inventory.running.keys(),
    ...inventory.promoted,
    ...inventory.changed.keys(),
  ]);
  for (const digest of all) keep(digest, protectionOf(digest, inventory, rule) ?? runningBelow(digest, inventory));
  for (const digest of all) keep(digest, reasonOfTags(digest, inventory, relations, isKnown));
  for (const [at, build] of builds.entries()) keep(build.digest, reasonOfAge(build, at + 1, rule, first, now));
  keepWhatHangsTogether(kept, relations);

  const going = new Map<Digest, GoReason>();
  const expired: GoReason = { is: 'expired', first: formatDay(first), atLeast: rule.atLeast };
  const expiring = builds.filter(({ digest }) => !kept.has(digest)).toReversed();
  for (const digest of inventory.leftovers) if (!kept.has(digest)) going.set(digest, { is: 'leftover' });
  // The oldest first, so that a run that is stopped has deleted what is least missed.
  for (const { digest } of expiring) going.set(digest, expired);
  addWhatGoesAlong(going, kept, relations);

  const verdicts = new Map<Digest, Verdict>();
  for (const [digest, because] of kept) verdicts.set(digest, { keep: true, because });
  for (const [digest, because] of going) verdicts.set(digest, { keep: false, because });
  return {
    builds: builds.map((build) => ({ ...build, ...verdictOf(build.digest, verdicts) })),
    verdicts,
    removals: orderRemovals(going.keys(), inventory, relations),
  };
}

/** A digest that runs may be one platform of an index, at any depth, or the config of an image. */
function runningBelow(digest: Digest, { manifests, running }: Inventory): KeepReason | undefined {
  const seen = new Set<Digest>();
  const find = (at: Digest): string | undefined => {
    if (seen.has(at)) return undefined;
    seen.add(at);
    const { children = [], config } = manifests.get(at) ?? {};
    const own = running.get(at) ?? (config && running.get(config));
    return own ?? children.map(find).find((where) => where !== undefined);
  };
  const where = find(digest);
  return where === undefined ? undefined : { is: 'running', where };
}

/** Whether the image that a tag is named after is, or was until an earlier run, in the repository. */
function ownersKnownTo(
  { tags, manifests, leftovers }: Inventory,
  { parentsOf }: Relations,
): (owner: Digest) => boolean {
  const tagged = new Set(tags.values());
  return (owner) => tagged.has(owner) || manifests.has(owner) || leftovers.has(owner) || parentsOf(owner).length > 0;
}

/** Children and subjects of what is kept, and what belongs to it, until nothing is added. */
function keepWhatHangsTogether(kept: Map<Digest, KeepReason>, relations: Relations): void {
  // A Map is walked in the order of its entries, those added meanwhile included.
  for (const [of] of kept) {
    const add = (digest: Digest, is: 'child' | 'subject' | 'belongs') => {
      if (!kept.has(digest)) kept.set(digest, { is, of });
    };
    for (const child of relations.childrenOf(of)) add(child, 'child');
    const subject = relations.subjectOf(of);
    if (subject !== undefined) add(subject, 'subject');
    for (const belonging of relations.belongingsOf(of)) add(belonging, 'belongs');
  }
}

function addWhatGoesAlong(
  going: Map<Digest, GoReason>,
  kept: ReadonlyMap<Digest, unknown>,
  relations: Relations,
): void {
  for (const [of, { is }] of going) {
    // A list of referrers may name what belongs elsewhere, and of a leftover nobody can tell what it is: the journal has its children.
    const isList = is === 'leftover' || relations.tagsOf(of).some(isReferrersTag);
    const children = isList ? [] : relations.childrenOf(of);
    for (const digest of [...children, ...relations.belongingsOf(of)])
      if (!kept.has(digest) && !going.has(digest)) going.set(digest, { is: 'with', of });
  }
}

function verdictOf(digest: Digest, verdicts: ReadonlyMap<Digest, Verdict>): Verdict {
  const verdict = verdicts.get(digest);
  if (!verdict) throw new TypeError('a build was not judged');
  return verdict;
}

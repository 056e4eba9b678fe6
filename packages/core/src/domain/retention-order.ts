import type { Digest } from './digest.ts';
import type { Inventory, Relations } from './retention-inventory.ts';

/** First the tags, then the manifest. */
export interface Removal {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** False when the manifest stays, and when it is not there: only the tags go. */
  readonly withManifest: boolean;
  /** What goes before it: while one of these is there, this is needed. */
  readonly after: readonly Digest[];
}

/**
 * Each manifest after all that lists it, that it refers to or is named after, and an image with what belongs to it before the next
 * image. What would have to go before itself is left out: no registry makes such manifests, only tags set by hand do.
 */
export function orderRemovals(
  going: Iterable<Digest>,
  { tags, gone }: Pick<Inventory, 'tags' | 'gone'>,
  relations: Relations,
): readonly Removal[] {
  const all = new Set(going);
  const waitsFor = new Map([...all].map((digest) => [digest, before(digest).length]));
  const ready = [...all].filter((digest) => waitsFor.get(digest) === 0).reverse();
  const removals: Removal[] = [];
  for (let digest = ready.pop(); digest !== undefined; digest = ready.pop()) {
    removals.push({ digest, tags: relations.tagsOf(digest), withManifest: !gone.has(digest), after: before(digest) });
    removals.push(...tagsOfOthers(digest));
    for (const next of followersOf(digest).toReversed()) {
      const left = (waitsFor.get(next) ?? 0) - 1;
      waitsFor.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return removals;

  /** Once each, whatever ties there are between the two. */
  function followersOf(digest: Digest): Digest[] {
    const followers = new Set([...relations.childrenOf(digest), ...relations.belongingsOf(digest)]);
    followers.delete(digest);
    return [...followers].filter((follower) => all.has(follower));
  }

  function before(digest: Digest): Digest[] {
    const subject = relations.subjectOf(digest);
    const needs = [
      ...relations.parentsOf(digest),
      ...(subject === undefined ? [] : [subject]),
      ...relations.ownersOf(digest),
    ];
    return [...new Set(needs)].filter((other) => other !== digest && all.has(other));
  }

  /** Tags named after the image that name something which stays, such as a list of contents that another image has as well. */
  function tagsOfOthers(owner: Digest): Removal[] {
    return relations.namedAfter(owner).flatMap((tag) => {
      const digest = tags.get(tag);
      return digest === undefined || all.has(digest)
        ? []
        : [{ digest, tags: [tag], withManifest: false, after: [owner] }];
    });
  }
}

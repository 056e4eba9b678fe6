import { sideBySide } from '@delivery/core/action/side-by-side';
import { buildNumberOfTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import type { RetentionPlan } from '@delivery/core/domain/retention';
import type { PackageVersion } from '@delivery/core/ports/package-versions';
import type { Registry } from '@delivery/core/ports/registry';
import { journalTag } from './journal.ts';
import type { Scene } from './observe.ts';
import type { Stored } from './stored.ts';
import { addTags, atOnce, readTag } from './stored.ts';
import { orUnread } from './unread.ts';

/**
 * Looks at the tags again: at every new one, at those that are to go, and at those that move by their nature. Brings `scene` to what
 * is there now, and gives the digests that a tag came to or went from since, by that tag. Throws ActionError `unread`.
 */
export async function recheck(
  scene: Scene,
  plan: RetentionPlan,
  registry: Registry,
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, string>> {
  const changed = new Map<Digest, string>();
  const { repository, name } = scene.aim.image;
  const going = new Set(plan.removals.flatMap(({ tags }) => tags));
  const places = [
    { repository, stored: scene.stored },
    ...scene.promoted.filter(({ stored }) => stored !== scene.stored),
  ];
  for (const place of places) {
    await orUnread(`image ${name} (${formatRepository(place.repository)})`, () =>
      recheckTags(place, (tag) => going.has(tag) || buildNumberOfTag(tag) === undefined, changed, registry, signal),
    );
  }
  return changed;
}

async function recheckTags(
  { repository, stored }: { readonly repository: Repository; readonly stored: Stored },
  mayHaveMoved: (tag: string) => boolean,
  changed: Map<Digest, string>,
  registry: Registry,
  signal: AbortSignal,
): Promise<void> {
  const place = { repository, registry, signal };
  const names = new Set(await registry.listTags(repository, signal));
  names.delete(journalTag);
  const before = new Map(stored.tags);
  for (const tag of before.keys()) if (!names.has(tag)) changeTo(tag, undefined);
  const read = [...names].filter((tag) => !before.has(tag) || mayHaveMoved(tag));
  const now = await sideBySide(read, atOnce, async (tag) => ({ tag, digest: (await readTag(tag, place))?.digest }));
  const different = now.filter(({ tag, digest }) => before.get(tag) !== digest);
  for (const { tag, digest } of different) changeTo(tag, digest);
  const news = different.filter(({ digest }) => digest !== undefined).map(({ tag }) => tag);
  await addTags(news, stored, place);

  function changeTo(tag: string, digest: Digest | undefined): void {
    for (const one of [before.get(tag), digest]) if (one !== undefined) changed.set(one, tag);
    stored.tags.delete(tag);
  }
}

/** The same for GitHub's own list, which deletes a manifest with all its tags: those that have others than were read. */
export function addChangedVersions(
  versions: ReadonlyMap<Digest, PackageVersion>,
  { stored }: Scene,
  changed: Map<Digest, string>,
): void {
  for (const { digest, tags } of versions.values()) {
    const other = tags.find((tag) => tag !== journalTag && stored.tags.get(tag) !== digest);
    if (other !== undefined) changed.set(digest, other);
  }
}

import type { ActionContext } from '@delivery/core/action/context';
import { buildNumberOfTag } from '@delivery/core/domain/build';
import { jobsOf, workloadsOf } from '@delivery/core/domain/delivery/pick';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import type { RetentionPlan } from '@delivery/core/domain/retention';
import { planRetention } from '@delivery/core/domain/retention';
import type { Inventory } from '@delivery/core/domain/retention-inventory';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';
import type { Registry } from '@delivery/core/ports/registry';
import type { Aim } from './aim.ts';
import { journalTag, readJournal } from './journal.ts';
import type { Promoted } from './promotions.ts';
import { promotedNames, readHistory, readPromoted } from './promotions.ts';
import type { Use } from './running.ts';
import type { Stored } from './stored.ts';
import { addDigests, addReferrers, readStored } from './stored.ts';
import { orUnread } from './unread.ts';

/** One repository of builds, as it was read. */
export interface Scene {
  readonly aim: Aim;
  readonly stored: Stored;
  readonly promoted: readonly Promoted[];
  readonly history: readonly Digest[];
  readonly leftovers: Set<Digest>;
  readonly gone: Set<Digest>;
  /** Whose referrers were read. */
  readonly asked: Set<Digest>;
}

/** Reads a repository, where its builds are promoted to, and the records beside them. Throws ActionError `unread`. */
export async function readScene(
  aim: Aim,
  topology: Topology,
  registry: Registry,
  { signal, log }: Pick<ActionContext, 'signal' | 'log'>,
): Promise<Scene> {
  const { image } = aim;
  const { repository } = image;
  return orUnread(`image ${image.name} (${formatRepository(repository)})`, async () => {
    const place = { repository, registry, signal };
    const journal = await readJournal(repository, registry, signal);
    const stored = await readStored(place, journal && journalTag);
    const promoted = await readPromoted(image, stored, topology, registry, signal);
    for (const name of emptyPromoted(image, promoted, topology))
      log.warning(
        `image ${image.name}: ${name} has no tags, although a project follows stable. Nothing there keeps a build.`,
      );
    const builds = [...stored.tags].flatMap(([tag, digest]) => (buildNumberOfTag(tag) === undefined ? [] : [digest]));
    const { stable, versions } = promotedNames(promoted, stored);
    const digests = [...new Set([...builds, ...stable, ...versions.keys()])];
    const history = await readHistory(digests, promoted, registry, signal);
    const leftovers = journal ? [...journal.digests, journal.digest] : [];
    const gone = await addDigests(leftovers, stored, place);
    return {
      ...{ aim, stored, promoted, history },
      ...{ leftovers: new Set(leftovers), gone: new Set(gone), asked: new Set<Digest>() },
    };
  });
}

/** Where builds should have been promoted to by now. */
function emptyPromoted({ name }: ImageTopology, promoted: readonly Promoted[], topology: Topology): readonly string[] {
  const reached = [...workloadsOf(topology, name), ...jobsOf(topology, name)];
  if (!reached.some(({ project }) => project.follows === 'stable')) return [];
  return promoted.filter(({ stored }) => stored.tags.size === 0).map(({ repository }) => formatRepository(repository));
}

/** What is known of a repository's digests. `changed` are those whose tags did since they were read. */
export function inventoryOf(scene: Scene, uses: readonly Use[], changed: ReadonlyMap<Digest, string>): Inventory {
  const { stored, promoted, history, leftovers, gone, aim } = scene;
  const { stable, versions } = promotedNames(promoted, stored);
  const manifests = new Map(stored.manifests);
  for (const other of promoted)
    for (const [digest, manifest] of other.stored.manifests)
      if (!manifests.has(digest)) manifests.set(digest, manifest);
  const [first, ...more] = stable;
  for (const digest of more) if (!versions.has(digest)) versions.set(digest, 'stable');
  return {
    tags: stored.tags,
    manifests,
    running: runningIn(uses, aim.image.repository, stored, promoted),
    stable: first,
    versions,
    changed,
    promoted: [...new Set([...stable, ...history])],
    leftovers,
    gone,
  };
}

/**
 * Plans, reads what refers to that which would go, and plans again, until there is nothing that was not asked about. `scene` holds
 * what was read afterwards.
 */
export async function planScene(
  scene: Scene,
  uses: readonly Use[],
  changed: ReadonlyMap<Digest, string>,
  { registry, clock, signal }: Pick<ActionContext, 'clock' | 'signal'> & { readonly registry: Registry },
): Promise<RetentionPlan> {
  const { image, rule } = scene.aim;
  const { repository } = image;
  const now = clock.now();
  const { asked } = scene;
  for (;;) {
    const plan = planRetention(inventoryOf(scene, uses, changed), rule, now);
    const news = plan.removals.map(({ digest }) => digest).filter((digest) => !asked.has(digest));
    if (news.length === 0) return plan;
    for (const digest of news) asked.add(digest);
    await orUnread(`image ${image.name} (${formatRepository(repository)})`, () =>
      addReferrers(news, scene.stored, { repository, registry, signal }),
    );
  }
}

/** By digest, wherever it is pulled from; by tag of a repository of the same path, since a cluster may know the registry by another name. */
function runningIn(
  uses: readonly Use[],
  repository: Repository,
  stored: Stored,
  promoted: readonly Promoted[],
): ReadonlyMap<Digest, string> {
  const places = [{ repository, stored }, ...promoted];
  const running = new Map<Digest, string>();
  for (const { where, of } of uses) {
    const digests =
      'digest' in of
        ? [of.digest]
        : places.flatMap((place) => (place.repository.path === of.path ? (place.stored.tags.get(of.tag) ?? []) : []));
    for (const digest of digests) if (!running.has(digest)) running.set(digest, where);
  }
  return running;
}

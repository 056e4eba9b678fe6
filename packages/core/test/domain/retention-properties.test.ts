import { randomOf } from '@delivery/testing/random';
import type { Digest } from '../../src/domain/digest.ts';
import { planRetention } from '../../src/domain/retention.ts';
import { ownerOfTag } from '../../src/domain/retention-inventory.ts';
import type { History } from './histories.ts';
import { localDay, makeHistory } from './histories.ts';
import { digest, Shelf } from './inventories.ts';

/** Seeds; each round of tests looks at so many histories. */
const rounds = [0, 1, 2, 3, 4];
const perRound = 500;

function eachHistory(round: number, look: (history: History, seed: number) => void): void {
  for (let at = 0; at < perRound; at += 1) look(makeHistory(randomOf(round * perRound + at)), round * perRound + at);
}

/** The rule again, in the plainest way: what stays is looked for until nothing more is found. */
function expectedToStay(history: History): Set<Digest> {
  const { running, stable, versions, promoted } = history.inventory;
  const stays = new Set<Digest>([
    ...running.keys(),
    ...versions.keys(),
    ...promoted.slice(0, history.rule.keepPromoted),
  ]);
  if (stable) stays.add(stable);
  for (const of of [...keptByTags(history), ...keptByAge(history)]) stays.add(of);
  untilNothingIsAdded(stays, () => haveRunning(history));
  untilNothingIsAdded(stays, () => hangTogether(history, stays));
  return stays;
}

function untilNothingIsAdded(stays: Set<Digest>, find: () => readonly Digest[]): void {
  for (let before = -1; before !== stays.size;) {
    before = stays.size;
    for (const of of find()) stays.add(of);
  }
}

const isNumbered = (tag: string) => /^latest-\d+$/.test(tag);

function tagsOn(of: Digest, { inventory }: History): string[] {
  return [...inventory.tags].flatMap(([tag, named]) => (named === of ? [tag] : []));
}

function keptByTags(history: History): Digest[] {
  const { tags, manifests, leftovers } = history.inventory;
  const children = [...manifests.values()].flatMap((manifest) => manifest.children);
  const known = new Set<Digest>([...tags.values(), ...manifests.keys(), ...leftovers, ...children]);
  return [...new Set(tags.values())].filter((of) => {
    const all = tagsOn(of, history);
    const numbered = all.filter(isNumbered);
    const label = manifests.get(of)?.number;
    const own = label === undefined ? (numbered.length === 1 ? numbered[0] : '') : `latest-${label}`;
    const owners = all.map(ownerOfTag);
    const isOwned = (owner: Digest | undefined) => owner !== undefined && owner !== of && known.has(owner);
    return all.some((tag, at) => tag !== own && (numbered.length > 0 || !isOwned(owners[at])));
  });
}

function keptByAge(history: History): Digest[] {
  const { inventory, rule, now } = history;
  const builds = [...new Set([...inventory.tags].flatMap(([tag, of]) => (isNumbered(tag) ? [of] : [])))];
  const created = (of: Digest) => inventory.manifests.get(of)?.created;
  const number = (of: Digest) =>
    Math.max(
      ...tagsOn(of, history)
        .filter(isNumbered)
        .map((tag) => Number(tag.slice(7))),
    );
  const dated = builds.filter((of) => created(of) !== undefined);
  dated.sort((a, b) => created(b)!.getTime() - created(a)!.getTime() || number(b) - number(a));
  const first = firstDay(history);
  const isYoung = (time: Date | undefined) => !time || time > now || localDay(time, rule.timeZone) >= first;
  return [...dated.slice(0, rule.atLeast), ...builds.filter((of) => isYoung(created(of)))];
}

/** What runs may be a part of it, or its config. */
function haveRunning({ inventory: { manifests, running } }: History): Digest[] {
  const hasRunning = (of: Digest): boolean => {
    const { config, children = [] } = manifests.get(of) ?? {};
    return running.has(of) || (config !== undefined && running.has(config)) || children.some(hasRunning);
  };
  return [...manifests.keys()].filter(hasRunning);
}

function hangTogether({ inventory: { manifests, tags } }: History, stays: ReadonlySet<Digest>): Digest[] {
  const more: Digest[] = [];
  for (const { digest: of, children, subject } of manifests.values()) {
    if (stays.has(of)) more.push(...children, ...(subject ? [subject] : []));
    if (subject && stays.has(subject)) more.push(of);
  }
  for (const [tag, of] of tags) if (stays.has(ownerOfTag(tag) ?? digest('none'))) more.push(of);
  return more;
}

/** What goes before an index that lists it, what it refers to, or an image that a tag of it is named after. */
function early(deleted: readonly Digest[], { inventory: { manifests, tags } }: History): Digest[] {
  const place = new Map(deleted.map((of, at) => [of, at]));
  const isBefore = (of: Digest, other: Digest) =>
    other !== of && (place.get(of) ?? Infinity) < (place.get(other) ?? -1);
  return [
    ...[...manifests.values()].flatMap(({ digest: of, children }) => children.filter((child) => isBefore(child, of))),
    ...[...manifests.values()].flatMap(({ digest: of, subject }) => (subject && isBefore(of, subject) ? [of] : [])),
    ...[...tags].flatMap(([tag, of]) => (isBefore(of, ownerOfTag(tag) ?? of) ? [of] : [])),
  ];
}

/** By listing days one after the other, forwards. */
function firstDay({ rule, now }: History): string {
  const today = localDay(now, rule.timeZone);
  const days: string[] = [];
  for (let at = Date.parse(today) - 80 * 86_400_000; at <= Date.parse(today); at += 86_400_000) {
    const text = new Date(at).toISOString().slice(0, 10);
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6 && !rule.holidays.includes(text)) days.push(text);
  }
  return rule.workingDays === 0 ? '9999-12-31' : days.at(-rule.workingDays)!;
}

describe.each(rounds)('over 500 histories (%d)', (round) => {
  it('what goes is exactly what the rule does not keep, with nothing that stays among it', () => {
    eachHistory(round, (history, seed) => {
      const stays = expectedToStay(history);
      const { builds, removals, verdicts } = planRetention(history.inventory, history.rule, history.now);
      const kept = builds.filter(({ keep }) => keep).map((build) => build.digest);
      const expected = builds.filter((build) => stays.has(build.digest)).map((build) => build.digest);
      expect([seed, ...kept]).toEqual([seed, ...expected]);
      const deleted = removals.filter(({ withManifest }) => withManifest).map((removal) => removal.digest);
      expect([seed, ...deleted.filter((of) => stays.has(of))]).toEqual([seed]);
      expect(new Set(deleted).size).toBe(deleted.length);
      const wrongTags = removals.flatMap(({ tags, digest: of }) =>
        tags.filter((tag) => {
          const goes = verdicts.get(ownerOfTag(tag) ?? of)?.keep === false;
          return !goes || history.inventory.tags.get(tag) !== of;
        }),
      );
      expect([seed, ...wrongTags, ...early(deleted, history)]).toEqual([seed]);
    });
  }, 60_000);

  it('wherever a run is stopped, no tag names a broken image, and the next run ends where this one would have', () => {
    eachHistory(round, (history, seed) => {
      const { inventory, rule, now } = history;
      const whole = planRetention(inventory, rule, now);
      const shelf = new Shelf(inventory);
      const stopAt = Math.floor(randomOf(seed + 1)() * 30);
      for (const step of whole.removals.flatMap(Shelf.stepsOf).slice(0, stopAt)) {
        step(shelf);
        const broken = shelf.broken();
        if (broken.length > 0) throw new Error(`history ${seed}: ${broken.join(', ')} broken`);
      }
      // What the next run finds: the tags that are left, what they lead to, and the journal of this one.
      const leftovers = new Set(whole.removals.map((removal) => removal.digest).filter((of) => !stays(of)));
      const manifests = new Map([...inventory.manifests].filter(([of]) => !shelf.deleted.has(of)));
      const gone = new Set([...inventory.gone, ...[...leftovers].filter((of) => shelf.deleted.has(of))]);
      const next = planRetention({ ...inventory, tags: shelf.tags, manifests, leftovers, gone }, rule, now);
      for (const step of next.removals.flatMap(Shelf.stepsOf)) step(shelf);
      const all = whole.removals.filter(({ withManifest }) => withManifest).map((removal) => removal.digest);
      expect([seed, ...all.filter((of) => !shelf.deleted.has(of))]).toEqual([seed]);
      expect([seed, ...[...shelf.deleted].filter((of) => !all.includes(of))]).toEqual([seed]);

      function stays(of: Digest): boolean {
        return whole.verdicts.get(of)?.keep !== false;
      }
    });
  }, 60_000);
});

it('what a registry refuses to delete, and all that it needs, is left whole', () => {
  eachHistory(rounds.length, (history, seed) => {
    const { inventory, rule, now } = history;
    const random = randomOf(seed + 1);
    const shelf = new Shelf(inventory);
    const stays = new Set<Digest>();
    for (const removal of planRetention(inventory, rule, now).removals) {
      if (removal.after.some((of) => stays.has(of)) || random() < 0.2) stays.add(removal.digest);
      else for (const step of Shelf.stepsOf(removal)) step(shelf);
    }
    const broken = shelf.broken();
    if (broken.length > 0) throw new Error(`history ${seed}: ${broken.join(', ')} broken`);
  });
}, 60_000);

it('the histories hold what they are meant to try', () => {
  const counts = { builds: 0, going: 0, children: 0, belonging: 0, leftovers: 0, shared: 0, window: 0 };
  eachHistory(0, ({ inventory, rule, now }) => {
    const { builds, verdicts } = planRetention(inventory, rule, now);
    counts.builds += builds.length;
    for (const verdict of verdicts.values()) {
      const { keep, because } = verdict;
      if (!keep && because.is === 'with') counts.belonging += 1;
      if (!keep && because.is === 'leftover') counts.leftovers += 1;
      if (!keep && because.is === 'expired') counts.going += 1;
      if (keep && because.is === 'child') counts.children += 1;
      if (keep && because.is === 'shared') counts.shared += 1;
      if (keep && because.is === 'window') counts.window += 1;
    }
  });
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(50);
  expect(digest('a')).not.toBe(digest('b'));
});

/** Folders below the backup volume, and how long backups stay: `hourly` to `monthly` by time, `manual` by number. */
export const tiers = ['hourly', 'daily', 'weekly', 'monthly', 'manual'] as const;

export type Tier = (typeof tiers)[number];

/** How many backups each tier keeps; 0: none. */
export type Keep = Readonly<Record<Tier, number>>;

/** As the old system kept them; the manual ones (before a promotion, by hand) are this suite's. */
export const defaultKeep: Keep = { hourly: 24, daily: 6, weekly: 3, monthly: 11, manual: 5 };

/** A verified backup. `manual`: it was asked for, and was not due. */
export interface KeptBackup {
  /** The file's name. */
  readonly name: string;
  readonly at: Date;
  readonly manual: boolean;
}

/** The period that a time lies in, by tier: in UTC, weeks by ISO 8601 (Monday to Sunday). */
const periods: Readonly<Record<Exclude<Tier, 'manual'>, (at: Date) => string | number>> = {
  hourly: (at) => at.toISOString().slice(0, 13),
  daily: (at) => at.toISOString().slice(0, 10),
  // The epoch was a Thursday.
  weekly: (at) => Math.floor((at.getTime() / dayMs + 3) / 7),
  monthly: (at) => at.toISOString().slice(0, 7),
};

const dayMs = 86_400_000;

const timeTiers = ['hourly', 'daily', 'weekly', 'monthly'] as const;

/**
 * Which backups stay, and in which tiers; one that is not in the answer goes. restic's published rule
 * (restic.readthedocs.io, "Removing backup snapshots", Removing snapshots according to a policy): for each tier the newest backup of
 * each of the last so many periods that have one; a tier with fewer periods than its number keeps the oldest backup as well. Manual
 * ones stay by number alone, so that one before a promotion neither displaces the hour's nor is displaced by it; where no manual
 * ones are kept they are as any other.
 */
export function keptBy(backups: readonly KeptBackup[], keep: Keep): ReadonlyMap<string, readonly Tier[]> {
  const newestFirst = inOrder(backups);
  const scheduled = newestFirst.filter(counts(keep));
  const kept = new Map<string, Tier[]>();
  const put = (tier: Tier, chosen: readonly KeptBackup[]) => {
    for (const { name } of chosen) kept.set(name, [...(kept.get(name) ?? []), tier]);
  };
  for (const tier of timeTiers) put(tier, keptInTime(scheduled, keep[tier], periods[tier]));
  put('manual', newestFirst.filter(({ manual }) => manual).slice(0, keep.manual));
  return kept;
}

/** Whether a backup has a place in the tiers of time. */
function counts(keep: Keep): (backup: KeptBackup) => boolean {
  return ({ manual }) => !manual || keep.manual === 0;
}

function keptInTime(
  newestFirst: readonly KeptBackup[],
  count: number,
  periodOf: (at: Date) => string | number,
): readonly KeptBackup[] {
  const newest = newestFirst.filter((backup, index) => {
    const later = newestFirst[index - 1];
    return !later || periodOf(later.at) !== periodOf(backup.at);
  });
  const kept = newest.slice(0, count);
  const oldest = newestFirst[newestFirst.length - 1];
  return oldest && newest.length < count && !kept.includes(oldest) ? [...kept, oldest] : kept;
}

/** The tiers of time that keep something and have no backup in the period that `now` lies in. */
export function dueTiers(backups: readonly KeptBackup[], keep: Keep, now: Date): readonly Tier[] {
  const scheduled = backups.filter(counts(keep));
  return timeTiers.filter(
    (tier) => keep[tier] > 0 && scheduled.every(({ at }) => periods[tier](at) !== periods[tier](now)),
  );
}

/** Newest first; of two of the same second the order of the names decides. */
function inOrder(backups: readonly KeptBackup[]): KeptBackup[] {
  return [...backups].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.name < b.name ? 1 : -1));
}

import { manifestName } from '@delivery/core/domain/backup/name';
import type { Keep, Tier } from '@delivery/core/domain/backup/tiers';
import { keptBy } from '@delivery/core/domain/backup/tiers';
import type { StoredBackup } from './volume.ts';
import { isWhole, keptBackups } from './volume.ts';

/** One name that is to be where it is not: the backup or its manifest, both as paths below the root. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

/** What has to be done so that every tier holds what it keeps. Links come first, and of a backup its manifest first. */
export interface LayoutPlan {
  readonly links: readonly Link[];
  /** Paths below the root; of a backup its file first, so that no file is left without a manifest. */
  readonly removals: readonly string[];
  /** Names of the backups that no tier keeps any more. */
  readonly pruned: readonly string[];
  /** The tiers of each name that stays. */
  readonly kept: ReadonlyMap<string, readonly Tier[]>;
}

/**
 * From what is there to what `keep` wants. Only verified backups are looked at: one that is broken is neither linked nor removed.
 * The newest verified one stays whatever `keep` says.
 */
export function planLayout(backups: readonly StoredBackup[], keep: Keep): LayoutPlan {
  const verified = backups.filter(({ trouble }) => trouble === '');
  const kept = new Map(keptBy(keptBackups(verified), keep));
  const [newest] = verified;
  const home = newest?.places.find((place) => isWhole(place, newest))?.tier;
  if (newest && home && !kept.has(newest.name)) kept.set(newest.name, [home]);
  return {
    links: verified.flatMap((backup) => linksOf(backup, kept.get(backup.name) ?? [])),
    removals: verified.flatMap((backup) => removalsOf(backup, kept.get(backup.name) ?? [])),
    pruned: verified.flatMap(({ name }) => (kept.has(name) ? [] : [name])),
    kept,
  };
}

/** A file that is shorter than its manifest says is replaced by the whole one of another folder. */
function linksOf(backup: StoredBackup, wanted: readonly Tier[]): readonly Link[] {
  const whole = backup.places.filter((place) => isWhole(place, backup)).map(({ tier }) => tier);
  const [home] = whole;
  const [manifestHome] = backup.manifestsIn;
  if (home === undefined || manifestHome === undefined) return [];
  const manifest = manifestName(backup.name);
  return wanted.flatMap((tier) => [
    ...(backup.manifestsIn.includes(tier) ? [] : [{ from: `${manifestHome}/${manifest}`, to: `${tier}/${manifest}` }]),
    ...(whole.includes(tier) ? [] : [{ from: `${home}/${backup.name}`, to: `${tier}/${backup.name}` }]),
  ]);
}

function removalsOf({ name, places, manifestsIn }: StoredBackup, wanted: readonly Tier[]): readonly string[] {
  const unwanted = (tier: Tier) => !wanted.includes(tier);
  return [
    ...places.flatMap(({ tier }) => (unwanted(tier) ? [`${tier}/${name}`] : [])),
    ...manifestsIn.flatMap((tier) => (unwanted(tier) ? [`${tier}/${manifestName(name)}`] : [])),
  ];
}

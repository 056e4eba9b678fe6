import type { InventoryEntry } from '@delivery/core/domain/backup/report';
import type { Keep, Tier } from '@delivery/core/domain/backup/tiers';
import { keptBy, tiers } from '@delivery/core/domain/backup/tiers';

/** Every tier keeps one more, so that a backup that is made in between pushes no other one out. */
export function oneMore(keep: Keep): Keep {
  return Object.fromEntries(tiers.map((tier) => [tier, keep[tier] + 1])) as Record<Tier, number>;
}

/** The schedule goes on meanwhile, and what it makes removes others. */
export const stopTheSchedule =
  'Stop the schedule of the backups first (docs/db-restore.md, step 1): in between it may remove the one that is meant. The summary shows those that are there.';

/**
 * Why a backup cannot be restored after another one has been made, as the rest of a sentence; undefined: it can. `keep` is how many
 * the project keeps whose backup it is, when it is the one that is backed up.
 */
export function whyGone(
  file: string,
  inventory: readonly InventoryEntry[],
  keep: Keep | undefined,
  now: Date,
): string | undefined {
  const entry = inventory.find(({ name }) => name === file);
  if (!entry) return 'is not there';
  if (entry.trouble !== '') return `is no backup: ${entry.trouble}`;
  const verified = inventory.filter(({ trouble }) => trouble === '');
  const there = verified.map(({ name, at, tiers }) => ({ name, at: new Date(at), manual: tiers.includes('manual') }));
  // Whether it stays when one more manual backup is there: it does unless the topology keeps fewer than when it was made.
  const made = { name: '', at: now, manual: true };
  if (keep === undefined || keptBy([...there, made], keep).has(file)) return undefined;
  return 'would go with the backup that is made first: `keep` of the topology keeps fewer than there are. Raise it for this restore';
}

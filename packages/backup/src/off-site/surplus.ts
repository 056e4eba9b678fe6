import type { Keep, KeptBackup, Tier } from '@delivery/core/domain/backup/tiers';
import { keptBy } from '@delivery/core/domain/backup/tiers';
import type { Copy } from './copies.ts';

/** What may go there, or the sentence why nothing does. */
export type Surplus = { readonly paths: readonly string[] } | { readonly refused: string };

/**
 * Which copies that are only there may go. The volume's loss must not become the copies': the rule of the tiers is applied to the
 * backups here and there taken together, and only what it would not keep of all these goes. So an empty volume displaces old
 * copies one by one as time goes on, as it would have done here. Copies of other databases are not touched, and never more backups
 * go than stay.
 */
export function surplusOf(wanted: readonly Copy[], there: readonly Copy[], keep: Keep): Surplus {
  const mine = new Set(wanted.map(({ database }) => database));
  const needed = new Set(wanted.map(({ path }) => path));
  const extra = there.filter(({ path, database }) => mine.has(database) && !needed.has(path));
  const kept = keptPaths([...wanted, ...extra], keep);
  const goes = extra.filter(({ is, tier, backup }) => is === 'rest' || !kept.has(`${tier}/${backup}`));
  const stays = new Set(wanted.map(({ backup }) => backup));
  for (const { is, tier, backup } of extra) if (is === 'backup' && kept.has(`${tier}/${backup}`)) stays.add(backup);
  const gone = new Set(
    goes.filter(({ is, backup }) => is === 'backup' && !stays.has(backup)).map(({ backup }) => backup),
  );
  if (gone.size > stays.size) {
    return { refused: `${gone.size} old backups there would go and only ${stays.size} stay` };
  }
  return { paths: goes.map(({ path }) => path) };
}

/** `tier/backup` of what the rule keeps. One that it keeps in tiers it does not lie in there stays where it lies. */
function keptPaths(copies: readonly Copy[], keep: Keep): ReadonlySet<string> {
  const lying = new Map<string, KeptBackup & { readonly tiers: Tier[] }>();
  for (const { is, backup: name, at, tier } of copies) {
    if (is !== 'backup') continue;
    const before = lying.get(name)?.tiers ?? [];
    const inTiers = [...before, tier];
    lying.set(name, { name, at, manual: inTiers.includes('manual'), tiers: inTiers });
  }
  const paths = new Set<string>();
  for (const [name, chosen] of keptBy([...lying.values()], keep)) {
    const inTiers = lying.get(name)?.tiers ?? [];
    const both = inTiers.filter((tier) => chosen.includes(tier));
    for (const tier of both.length > 0 ? both : inTiers) paths.add(`${tier}/${name}`);
  }
  return paths;
}

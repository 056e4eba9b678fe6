import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { Survey } from './survey.ts';

/** Microseconds of MariaDB 10.11, measured; only their ratios matter. */
const perRow = 3.5;
const perKey = 3;
const perByte = 0.015;
const perWordByte = 0.085;
/** Of a row as text, where nobody has counted them. */
const usualRow = 150;

/**
 * Spreads the tables over `jobs` readers so that they end at about the same time: the longest table first, to whoever has least to do.
 * A table is never shared: two sessions that fill it wait for each other's pages.
 */
export function planLoad(
  { tables }: Survey,
  manifest: BackupManifest | undefined,
  jobs: number,
): readonly ReadonlySet<string>[] {
  const rows = new Map(manifest?.tables.map((table) => [table.name, table.rows]));
  const costs = [...tables].map(([name, { bytes, keys, hasFullText }]) => {
    const count = rows.get(name) ?? bytes / usualRow;
    const cost = count * (perRow + keys * perKey) + bytes * (perByte + (hasFullText ? perWordByte : 0));
    // A table costs something without rows, too.
    return { name, cost: 1 + cost };
  });
  const parts = Array.from({ length: Math.max(1, Math.min(jobs, costs.length)) }, () => ({
    cost: 0,
    names: new Set<string>(),
  }));
  for (const { name, cost } of costs.sort((a, b) => b.cost - a.cost)) {
    const least = parts.reduce((a, b) => (b.cost < a.cost ? b : a));
    least.names.add(name);
    least.cost += cost;
  }
  return parts.map(({ names }) => names);
}

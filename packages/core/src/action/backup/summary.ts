import { age } from '../builds-table.ts';
import type { Cell, SummaryBlock } from '../outcome.ts';
import type { BackupReport, InventoryEntry } from '../../domain/backup/report.ts';
import type { Keep, Tier } from '../../domain/backup/tiers.ts';
import { tiers } from '../../domain/backup/tiers.ts';

/** The verified backups of a tier. */
export interface TierStock {
  readonly count: number;
  /** ISO 8601; null when there is none. */
  readonly newest: string | null;
  readonly oldest: string | null;
}

export function stockOf(inventory: readonly InventoryEntry[]): Readonly<Record<Tier, TierStock>> {
  const stock = tiers.map((tier) => {
    const times = inventory
      .filter((entry) => entry.trouble === '' && entry.tiers.includes(tier))
      .map(({ at }) => at)
      .toSorted((a, b) => Date.parse(a) - Date.parse(b));
    return [tier, { count: times.length, newest: times.at(-1) ?? null, oldest: times[0] ?? null }] as const;
  });
  return Object.fromEntries(stock) as Record<Tier, TierStock>;
}

/** `48.0 MB`, decimal as disks are sold. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** What a report says beyond the line of its project: the inventory by tier, alarms, what is no backup, the steps. */
export function backupBlocks(project: string, report: BackupReport, keep: Keep, now: Date): readonly SummaryBlock[] {
  const { alarms, inventory, steps, pruned, manifest } = report;
  const lists = [
    { title: `Alarms of ${project}`, lines: alarms },
    { title: `On the volume of ${project}, but no backups`, lines: troubles(inventory) },
    { title: `Tables of ${project} that a dump may not carry as they are`, lines: notes(manifest) },
    { title: `Removed from the volume of ${project}`, lines: pruned },
    {
      title: `Steps in ${project}`,
      lines: steps.map(({ name, state, seconds, said }) => `${name}: ${state}, ${seconds.toFixed(1)} s ${said}`),
    },
  ];
  return [
    {
      kind: 'table',
      head: [`Backups of ${project}`, 'There', 'Kept', 'Newest', 'Oldest'],
      rows: stockRows(inventory, keep, now),
    },
    ...lists.filter(({ lines }) => lines.length > 0).map((list): SummaryBlock => ({ kind: 'lines', ...list })),
  ];
}

function stockRows(inventory: readonly InventoryEntry[], keep: Keep, now: Date): Cell[][] {
  const stock = stockOf(inventory);
  const since = (at: string | null) => (at === null ? '' : age(now.getTime() - Date.parse(at)));
  return tiers.map((tier) => {
    const { count, newest, oldest } = stock[tier];
    return [tier, String(count), String(keep[tier]), since(newest), since(oldest)];
  });
}

function troubles(inventory: readonly InventoryEntry[]): string[] {
  return inventory.filter(({ trouble }) => trouble !== '').map(({ name, trouble }) => `${name}: ${trouble}`);
}

function notes(manifest: BackupReport['manifest']): string[] {
  return (manifest?.tables ?? []).flatMap((table) =>
    table.notes.map((note) => {
      const columns = note.note === 'float' ? ` (${note.columns.join(', ')})` : '';
      return `${table.name}: ${note.note}${columns}`;
    }),
  );
}

import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { BackupReport, InventoryEntry } from '@delivery/core/domain/backup/report';
import type { Tier } from '@delivery/core/domain/backup/tiers';
import type { Failure } from '../faults.ts';
import type { Steps } from '../steps.ts';
import type { StoredBackup } from './volume.ts';

/** The report while the work is done: what is known so far, also when it fails in its middle. */
export class Draft {
  manifest: BackupManifest | null = null;
  tiers: readonly Tier[] = [];
  offSite: BackupReport['offSite'] = { state: 'not-tried', said: 'no backup was made' };
  pruned: readonly string[] = [];
  inventory: readonly InventoryEntry[] = [];
  readonly alarms: string[] = [];

  report(steps: Steps, verdict: BackupReport['verdict'], said: Failure): BackupReport {
    const { manifest, tiers, offSite, pruned, inventory, alarms } = this;
    return {
      command: 'backup',
      verdict,
      ...said,
      alarms,
      steps: steps.list,
      manifest,
      tiers,
      offSite,
      pruned,
      inventory,
    };
  }
}

/** What is on the volume, for the report. */
export function inventoryOf(backups: readonly StoredBackup[]): readonly InventoryEntry[] {
  return backups.map(({ name, at, places, manifest, trouble }) => ({
    name,
    at: at.toISOString(),
    bytes: manifest?.bytes ?? places[0]?.bytes ?? 0,
    tiers: places.map(({ tier }) => tier),
    trouble,
  }));
}

import type { BackupManifest } from './manifest.ts';
import type { Tier } from './tiers.ts';

/** What the program in the cluster says of its work at the end: docs/backups.md. Read from its log, so it is data from outside. */
export type ProgramReport = BackupReport | RestoreReport | ListReport;

export interface Said {
  /** One sentence without its full stop: what happened, where. */
  readonly sentence: string;
  /** What to do next; empty when there is nothing. */
  readonly next: string;
  /** Of a failure; the list is in docs/backups.md. */
  readonly cause: string;
  /** What is not right though nothing failed: sentences. They make a result unstable. */
  readonly alarms: readonly string[];
  readonly steps: readonly Step[];
}

export interface Step {
  readonly name: string;
  readonly state: 'done' | 'failed' | 'left-out';
  readonly seconds: number;
  readonly said: string;
}

export interface BackupReport extends Said {
  readonly command: 'backup';
  /** `skipped`: nothing was due. `failed` may still have left a verified backup (`manifest`): the off-site copy failed. */
  readonly verdict: 'verified' | 'skipped' | 'failed';
  /** Read back from the volume; null when this run left no verified backup. */
  readonly manifest: BackupManifest | null;
  /** The tiers that keep it. */
  readonly tiers: readonly Tier[];
  readonly offSite: { readonly state: 'sent' | 'failed' | 'none' | 'not-tried'; readonly said: string };
  readonly pruned: readonly string[];
  readonly inventory: readonly InventoryEntry[];
}

/** One backup of the volume, newest first. */
export interface InventoryEntry {
  readonly name: string;
  readonly at: string;
  readonly bytes: number;
  readonly tiers: readonly Tier[];
  /** What makes one that is there no backup; empty for one that is verified. */
  readonly trouble: string;
}

export interface ListReport extends Said {
  readonly command: 'list';
  readonly verdict: 'listed' | 'failed';
  readonly inventory: readonly InventoryEntry[];
}

export interface RestoreReport extends Said {
  readonly command: 'restore';
  /** `unproven`: it was restored, but not everything could be compared. */
  readonly verdict: 'equal' | 'unproven' | 'failed';
  readonly drill: boolean;
  /** The file's name. */
  readonly backup: string;
  readonly tables: readonly ComparedTable[];
  /** Sentences about tables, views, routines, triggers, events that are not as the manifest says. */
  readonly mismatches: readonly string[];
  /** Masked columns, `table.column`. */
  readonly masked: readonly string[];
  readonly server: string;
}

export interface ComparedTable {
  readonly name: string;
  readonly rows: number | null;
  readonly verdict: 'equal' | 'different' | 'missing' | 'extra' | 'not-compared';
}

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

import { clusterInputs, commonInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { boolean, duration, name, oneOf, optional, text } from '@delivery/core/action/readers';
import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { Problem } from '@delivery/core/errors/errors';

/** Which backup is meant, or that those that are there are to be listed. */
export type BackupWanted =
  { readonly kind: 'latest' } | { readonly kind: 'list' } | { readonly kind: 'named'; readonly file: string };

const backupForm = 'latest, list, or a name such as backup-2026-11-23T01:05:00Z-fragalysis.sql.zst';

function parseBackupWanted(given: string): BackupWanted | undefined {
  if (given === 'latest' || given === 'list') return { kind: given };
  return parseBackupName(given) ? { kind: 'named', file: given } : undefined;
}

export const inputs = {
  ...commonInputs,
  ...clusterInputs,
  from: name(''),
  backup: optional(backupForm, parseBackupWanted, { kind: 'latest' } as const),
  project: name(''),
  confirm: text(),
  drill: boolean(false),
  'on-running': oneOf(['wait', 'fail'], 'wait'),
  timeout: duration(undefined),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'backup', 'tables', 'mismatches', 'inventory'] as const;

export type Output = (typeof outputs)[number];

export function check({ backup, drill }: Inputs): readonly Problem[] {
  const both = backup.kind === 'list' && drill;
  return both ? [{ field: 'drill', message: 'is true together with backup: list, which restores nothing' }] : [];
}

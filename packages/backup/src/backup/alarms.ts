import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { formatDuration } from '@delivery/core/domain/duration';

/** What is not right though there is a backup; sentences without their full stop. */
export interface AlarmRules {
  /** Percent; 100: never. */
  readonly maxShrink: number;
  readonly maxAgeMs: number | undefined;
}

/** Compares a new backup with the last verified one of the same database. */
export function alarmsOf(
  last: BackupManifest | undefined,
  next: BackupManifest,
  { maxShrink, maxAgeMs }: AlarmRules,
): readonly string[] {
  if (!last) return [];
  const alarms: string[] = [];
  const age = Date.parse(next.startedAt) - Date.parse(last.startedAt);
  if (maxAgeMs !== undefined && age > maxAgeMs) {
    alarms.push(`the backup before this one was ${formatDuration(age)} old, more than ${formatDuration(maxAgeMs)}`);
  }
  if (maxShrink >= 100) return alarms;
  const shrunk = (before: number, now: number) => before > 0 && now < before * (1 - maxShrink / 100);
  // Files of the two compressions, or of the old system, are not alike; what they hold is.
  if (shrunk(last.plainBytes, next.plainBytes)) {
    alarms.push(`the dump has shrunk from ${last.plainBytes} to ${next.plainBytes} bytes since ${last.file}`);
  }
  const rows = new Map(next.tables.map((table) => [table.name, table.rows]));
  for (const table of last.tables) {
    const now = rows.get(table.name);
    if (now === undefined) alarms.push(`the table ${table.name} is gone since ${last.file}`);
    else if (table.rows !== null && now !== null && shrunk(table.rows, now)) {
      alarms.push(`the table ${table.name} has shrunk from ${table.rows} to ${now} rows since ${last.file}`);
    }
  }
  return alarms;
}

/** Tables that the dump may not carry as they were, for people. */
export function notesOf({ tables }: BackupManifest): readonly string[] {
  return tables.flatMap(({ name, notes }) =>
    notes.some(({ note }) => note === 'changed-meanwhile')
      ? [`the table ${name} knows no transactions and changed during the dump: it is not of one moment with the others`]
      : [],
  );
}

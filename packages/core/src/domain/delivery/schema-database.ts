import * as z from 'zod/mini';
import { defaultKeep } from '../backup/tiers.ts';
import { cronJobName, databaseName, duration, durationUpTo, expected, expectedText } from './fields.ts';
import { about, fields, mappingOf, someOf, wholeNumber } from './schema-parts.ts';

/** CronJobs that are meant when the file names none. */
export const defaultCronJobs = { backup: 'db-backup', restore: 'db-restore' } as const;

const mostKept = 10_000;

const keep = fields({
  hourly: wholeNumber(mostKept, defaultKeep.hourly, 'The newest backup of each of this many hours stays.'),
  daily: wholeNumber(mostKept, defaultKeep.daily, 'The newest of each of this many days (UTC).'),
  weekly: wholeNumber(mostKept, defaultKeep.weekly, 'The newest of each of this many weeks (ISO 8601).'),
  monthly: wholeNumber(mostKept, defaultKeep.monthly, 'The newest of each of this many months.'),
  manual: wholeNumber(mostKept, defaultKeep.manual, 'This many of the newest that were asked for stay.'),
}).check(
  z.refine((given) => Object.values(given).some((number) => number > 0), 'keeps nothing: give a number above 0'),
);

function cronJob(role: keyof typeof defaultCronJobs, makes: string) {
  return z._default(cronJobName.check(about(`CronJob of the namespace whose Jobs ${makes}.`)), defaultCronJobs[role]);
}

const timeout = (fallback: string) =>
  z.prefault(duration.check(about('How long a run may take: `90s`, `10m`, `1h30m`; 24h at most.')), fallback);

const backup = fields({
  cronJob: cronJob('backup', 'make backups'),
  timeout: timeout('30m'),
  keep: z.prefault(keep.check(about('Which backups stay; a backup stays when any tier keeps it.')), {}),
  maxAge: z.prefault(
    durationUpTo(9_000).check(about('An alarm is given when the newest verified backup is older; 9000h at most.')),
    '3h',
  ),
  maxShrink: wholeNumber(
    100,
    20,
    'An alarm is given when the bytes, or the rows of a table, went down by more than this many percent; 100: never.',
  ),
  offSite: z._default(
    z
      .boolean({ error: expected('true or false') })
      .check(about('Whether a copy has to arrive on another server; without it the backup fails.')),
    false,
  ),
});

const restore = fields({ cronJob: cronJob('restore', 'restore backups'), timeout: timeout('2h') });

const replacementPhrase = 'a text of at most 1000 characters, or null';

const replacement = z
  .nullable(
    z
      .string({ error: expectedText(replacementPhrase) })
      .check(z.maxLength(1_000, { error: expected(replacementPhrase) })),
  )
  .check(about('A column, and what every row gets in it; null: NULL.'));

const column = mappingOf(databaseName, replacement, 'column');

/** Fields of the database of a project. */
export const database = someOf({
  backup: z.optional(backup.check(about('How it is backed up. Left out for a project that is not.'))),
  restore: z.optional(
    restore.check(about('How backups are restored into it. Left out for a project that takes none.')),
  ),
  mask: z.optional(
    mappingOf(databaseName, column.check(about('A table, its columns by name.')), 'table').check(
      about('Columns that are overwritten when its data is restored into another project, by table.'),
    ),
  ),
});

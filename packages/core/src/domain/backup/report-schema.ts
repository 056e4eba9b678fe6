import * as z from 'zod/mini';
import type { BackupManifest } from './manifest.ts';
import { parseBackupName } from './name.ts';
import type { TerminationMessage } from './report-lines.ts';
import type { ProgramReport } from './report.ts';
import { tiers } from './tiers.ts';

/** The report as it comes from outside: strict in its fields, and everything of a bounded size. */

const textOf = (longest: number) => z.string().check(z.maxLength(longest));
const sentence = textOf(4_000);
const sentences = z.array(sentence);
/** Of a table, a routine, a column: MySQL's longest has 64 characters, and a name may hold any. */
const name = textOf(256).check(z.minLength(1));
const fileName = text(/^[^/\0]{1,255}$/);
const sha256 = text(/^[0-9a-f]{64}$/);
const time = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/).check(z.refine((at) => Date.parse(at) > 0));
const count = z.int().check(z.minimum(0));
const backupName = z.string().check(z.refine((given) => parseBackupName(given) !== undefined));
const keptTiers = z.array(z.enum(tiers)).check(z.maxLength(tiers.length));

const note = z.discriminatedUnion('note', [
  z.strictObject({ note: z.literal('changed-meanwhile') }),
  z.strictObject({ note: z.literal('not-transactional') }),
  z.strictObject({ note: z.literal('float'), columns: z.array(name) }),
]);

const table = z.strictObject({
  name,
  engine: textOf(64),
  rows: z.nullable(count),
  checksum: z.nullable(textOf(64)),
  content: z.nullable(textOf(200)),
  notes: z.array(note),
});

const objects = z.array(z.strictObject({ name, sha256 }));

const manifest = z.strictObject({
  version: z.literal(1),
  file: backupName,
  origin: z.enum(['dump', 'found']),
  manual: z.boolean(),
  database: name,
  bytes: count,
  plainBytes: count,
  sha256,
  startedAt: time,
  snapshotAt: time,
  endedAt: time,
  tools: z.record(textOf(64), textOf(200)),
  server: z.optional(z.strictObject({ product: z.enum(['MySQL', 'MariaDB']), version: textOf(200) })),
  characterSet: textOf(64),
  collation: textOf(64),
  tables: z.array(table),
  views: objects,
  routines: objects,
  triggers: objects,
  events: objects,
});

const said = {
  sentence: sentence.check(z.minLength(1)),
  next: sentence,
  cause: text(/^[a-z0-9-]{0,64}$/),
  alarms: sentences,
  steps: z
    .array(
      z.strictObject({
        name: textOf(100),
        state: z.enum(['done', 'failed', 'left-out']),
        seconds: z.number().check(z.minimum(0)),
        said: sentence,
      }),
    )
    .check(z.maxLength(1_000)),
};

const inventory = z.array(
  z.strictObject({ name: fileName, at: time, bytes: count, tiers: keptTiers, trouble: sentence }),
);

const report = z.discriminatedUnion('command', [
  z.strictObject({
    ...said,
    command: z.literal('backup'),
    verdict: z.enum(['verified', 'skipped', 'failed']),
    manifest: z.nullable(manifest),
    tiers: keptTiers,
    offSite: z.strictObject({ state: z.enum(['sent', 'failed', 'none', 'not-tried']), said: sentence }),
    pruned: z.array(fileName),
    inventory,
  }),
  z.strictObject({ ...said, command: z.literal('list'), verdict: z.enum(['listed', 'failed']), inventory }),
  z.strictObject({
    ...said,
    command: z.literal('restore'),
    verdict: z.enum(['equal', 'unproven', 'failed']),
    drill: z.boolean(),
    backup: fileName,
    tables: z.array(
      z.strictObject({
        name,
        rows: z.nullable(count),
        verdict: z.enum(['equal', 'different', 'missing', 'extra', 'not-compared']),
      }),
    ),
    mismatches: sentences,
    masked: z.array(textOf(600)),
    server: textOf(200),
  }),
]);

const termination = z.strictObject({
  version: z.literal(1),
  command: z.enum(['backup', 'list', 'restore']),
  verdict: z.enum(['verified', 'skipped', 'failed', 'listed', 'equal', 'unproven']),
  cause: textOf(100),
  sentence,
  sha256,
});

/** `problem` is the rest of a sentence about the report. */
export function parseReport(given: string): { readonly report: ProgramReport } | { readonly problem: string } {
  const parsed = parsedAs(report, given);
  // JSON knows no undefined, and the type wants the field named: a manifest without a server lacks it.
  return 'problem' in parsed ? parsed : { report: parsed.data as ProgramReport };
}

/** A manifest as it lies beside its backup. `problem` is the rest of a sentence about it. */
export function parseBackupManifest(given: string): BackupManifest | { readonly problem: string } {
  const parsed = parsedAs(manifest, given);
  return 'problem' in parsed ? parsed : (parsed.data as BackupManifest);
}

/** `problem` is the rest of a sentence about the termination message. */
export function parseTermination(
  given: string,
): { readonly termination: TerminationMessage } | { readonly problem: string } {
  if (given === '') return { problem: 'is empty' };
  const parsed = parsedAs(termination, given);
  return 'problem' in parsed ? parsed : { termination: parsed.data };
}

function text(pattern: RegExp) {
  return z.string().check(z.regex(pattern));
}

function parsedAs<Schema extends z.ZodMiniType>(
  schema: Schema,
  given: string,
): { readonly data: z.output<Schema> } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return { problem: 'is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { data: parsed.data };
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  return { problem: `does not have the form of docs/backups.md${where === '' ? '' : ` (at ${where})`}` };
}

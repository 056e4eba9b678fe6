import * as z from 'zod';
import { parseBackupName } from './backup/name.ts';
import type { BuildNumber } from './build.ts';
import { createdLabel, parseBuildNumber } from './build.ts';
import { jobsOf, workloadsOf } from './delivery/pick.ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';
import { parseTime } from './manifest.ts';
import type { Topology } from './topology.ts';
import { parseVersion } from './version.ts';

/**
 * What happened to an image. `tested`: rolled out where it is tried; `loaded`: launched there; `rolled-back`: promoted again after a
 * newer one; `backed-up`: before it became stable, the database of a project was; the reason is the backup's file.
 */
export const ledgerEvents = ['built', 'tested', 'loaded', 'promoted', 'rolled-back', 'backed-up'] as const;

export type LedgerEvent = (typeof ledgerEvents)[number];

/** The artifactType of a record's manifest (OCI image spec 1.1, manifest.md). */
export const recordArtifactType = 'application/vnd.fragalysis-actions.record.v1+json';

/** Characters of a reason that are kept. */
export const maxReasonLength = 500;

/** One event of an image, as it is written. */
export interface LedgerEntry {
  readonly event: LedgerEvent;
  readonly verdict: 'success' | 'failure';
  readonly at: Date;
  /** Who started the run. */
  readonly by: string;
  /** Address of the workflow run's attempt. */
  readonly run: string;
  readonly reason: string;
  readonly project?: string | undefined;
  readonly version?: string | undefined;
  readonly build?: BuildNumber | undefined;
  /** What was stable before. */
  readonly previous?: Digest | undefined;
}

/** One event as the registry has it. */
export interface LedgerRecord extends LedgerEntry {
  /** Of the record itself. */
  readonly digest: Digest;
}

const prefix = 'delivery.actions/';

/** What the manifest of a record says: docs/ledger.md. */
export function annotationsOf({ at, ...said }: LedgerEntry): Readonly<Record<string, string>> {
  const annotations: Record<string, string> = { [createdLabel]: at.toISOString() };
  for (const [name, value] of Object.entries(said)) if (value !== undefined) annotations[prefix + name] = String(value);
  return annotations;
}

/** Undefined for what this suite would not have written. `by` and `reason` are bounded, and as raw as they came. */
export function recordOf(digest: Digest, annotations: Readonly<Record<string, string>>): LedgerRecord | undefined {
  const said = new Map<string, string>();
  for (const name of Object.keys(fields)) {
    const key = name === 'at' ? createdLabel : prefix + name;
    if (Object.hasOwn(annotations, key)) said.set(name, annotations[key] ?? '');
  }
  const answer = record.safeParse(Object.fromEntries(said));
  return answer.success ? { ...answer.data, digest } : undefined;
}

/** A text that `parse` knows how to read. */
function read<T>(parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input: text, message: 'is not what this suite writes' });
    return z.NEVER;
  });
}

const runPattern =
  /^https?:\/\/[\w.:[\]-]{1,255}(?:\/[\w.-]{1,100}){1,9}\/actions\/runs\/\d{1,20}(?:\/attempts\/\d{1,9})?$/;

const fields = {
  at: read(parseTime),
  event: z.enum(ledgerEvents),
  verdict: z.enum(['success', 'failure']),
  by: z.string().max(200),
  run: z.string().regex(runPattern),
  reason: z.string().max(4 * maxReasonLength),
  project: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .optional(),
  version: read(parseVersion).optional(),
  build: read(parseBuildNumber).optional(),
  previous: read((text) => (isDigest(text) ? text : undefined)).optional(),
};
const record = z.object(fields);

/** Oldest first. Of two at one time the failure comes last, so that it is the one that counts. */
export function inOrder(records: readonly LedgerRecord[]): LedgerRecord[] {
  const failed = ({ verdict }: LedgerRecord) => (verdict === 'failure' ? 1 : 0);
  return records.toSorted(
    (a, b) => a.at.getTime() - b.at.getTime() || failed(a) - failed(b) || (a.digest < b.digest ? -1 : 1),
  );
}

export type TestVerdict =
  { readonly is: 'tested' | 'failed'; readonly record: LedgerRecord } | { readonly is: 'untested' };

/** The newest record of the event decides: what was good once and failed later is failed. */
export function testedVerdict(records: readonly LedgerRecord[], event: TestEvent): TestVerdict {
  const newest = inOrder(records).findLast((record) => record.event === event);
  if (!newest) return { is: 'untested' };
  return { is: newest.verdict === 'success' ? 'tested' : 'failed', record: newest };
}

export type TestEvent = 'tested' | 'loaded';

/** What proves an image: that it was rolled out, or, where it only ever runs as a Job, that it has loaded. */
export function testEventOf(topology: Topology, image: string): TestEvent {
  return workloadsOf(topology, image).length === 0 && jobsOf(topology, image).length > 0 ? 'loaded' : 'tested';
}

/** Of a promotion, a rollback being one. */
export function isPromotion({ event }: Pick<LedgerRecord, 'event'>): boolean {
  return event === 'promoted' || event === 'rolled-back';
}

/** Written only beside the promoted image, and believed only there: fewer may write to that repository. */
export function isOfPromotion(record: Pick<LedgerRecord, 'event'>): boolean {
  return isPromotion(record) || record.event === 'backed-up';
}

/** The backup that was made before a digest became stable, by project: the newest that its records name. */
export function backupsBefore(records: readonly LedgerRecord[]): ReadonlyMap<string, string> {
  const made = inOrder(records).flatMap(({ event, verdict, project, reason }): [string, string][] => {
    const isOne = event === 'backed-up' && verdict === 'success' && parseBackupName(reason) !== undefined;
    return isOne && project !== undefined ? [[project, reason]] : [];
  });
  return new Map(made);
}

/** The promotions of a digest that were carried out and not taken back by the same run, oldest first. */
export function promotionsOf(records: readonly LedgerRecord[]): LedgerRecord[] {
  const promotions = inOrder(records).filter(isPromotion);
  const takenBack = new Set(promotions.flatMap(({ verdict, run }) => (verdict === 'failure' ? [run] : [])));
  return promotions.filter(({ verdict, run }) => verdict === 'success' && !takenBack.has(run));
}

/** The digests that were promoted, each once, the one whose last promotion is the newest first. */
export function promotionHistory(recordsByDigest: ReadonlyMap<Digest, readonly LedgerRecord[]>): Digest[] {
  const last = [...recordsByDigest].flatMap(([digest, records]) => {
    const at = promotionsOf(records).at(-1)?.at.getTime();
    return at === undefined ? [] : [{ digest, at }];
  });
  return last.toSorted((a, b) => b.at - a.at || (a.digest < b.digest ? -1 : 1)).map(({ digest }) => digest);
}

/** What was stable before `stable` was, by the newest promotion of it; undefined when no record says so. */
export function stableBefore(stable: Digest, records: readonly LedgerRecord[]): Digest | undefined {
  return promotionsOf(records).findLast(({ previous }) => previous !== undefined && previous !== stable)?.previous;
}

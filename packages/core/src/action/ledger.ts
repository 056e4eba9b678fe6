import { recordOf, annotationsOf, inOrder, maxReasonLength, recordArtifactType } from '../domain/ledger.ts';
import type { LedgerEntry, LedgerEvent, LedgerRecord } from '../domain/ledger.ts';
import type { Digest } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import { formatRepository } from '../domain/image-reference.ts';
import { ActionError } from '../errors/errors.ts';
import type { Manifest, Registry } from '../ports/registry.ts';
import { artifactManifest, writeEmpty } from './artifact.ts';
import type { ActionContext } from './context.ts';
import { oneLine } from '../domain/printable.ts';
import { runUrl } from './run-context.ts';

/** The newest that are considered: more than anybody reads, and few enough to be read at once. */
const maxRecords = 1_000;
const maxActorLength = 100;

/**
 * What happened to an image, as records that refer to its digest, oldest first: one request. What this suite would not have
 * written is left out. Throws RemoteError (`registry`).
 */
export async function readLedger(
  repository: Repository,
  digest: Digest,
  registry: Registry,
  signal: AbortSignal,
): Promise<readonly LedgerRecord[]> {
  const referrers = await registry.listReferrers(repository, digest, signal);
  const records = referrers.flatMap(({ artifactType, annotations, digest }) =>
    artifactType === recordArtifactType ? (recordOf(digest, annotations) ?? []) : [],
  );
  return inOrder(records).slice(-maxRecords).map(clean);
}

/**
 * Writes a record beside the image it refers to, which has to be in that repository, and gives its digest. Texts are brought to
 * one line and bounded. Throws RemoteError (`registry`).
 */
export async function writeRecord(
  repository: Repository,
  subject: Manifest,
  entry: LedgerEntry,
  registry: Registry,
  signal: AbortSignal,
): Promise<Digest> {
  const empty = await writeEmpty(repository, registry, signal);
  const manifest = artifactManifest({
    artifactType: recordArtifactType,
    config: empty,
    layers: [empty],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
    annotations: annotationsOf(clean(entry)),
  });
  await registry.writeManifest(repository, manifest.digest, manifest, signal);
  return manifest.digest;
}

/** What is to be noted; who, when and in which run the context knows. */
export type Note = Omit<LedgerEntry, 'at' | 'by' | 'run'>;

export interface NotedImage {
  readonly repository: Repository;
  readonly subject: Manifest;
  readonly registry: Registry;
}

/**
 * Writes what this run has done or is about to do. When the newest record of that event says the same of the same attempt already,
 * nothing is written. Throws RemoteError (`registry`).
 */
export async function writeNote(
  note: Note,
  { repository, subject, registry }: NotedImage,
  { run, clock, signal }: Pick<ActionContext, 'run' | 'clock' | 'signal'>,
): Promise<void> {
  const url = `${runUrl(run)}/attempts/${run.runAttempt}`;
  const entry = { ...note, at: clock.now(), by: run.actor, run: url };
  const newest = (await readLedger(repository, subject.digest, registry, signal)).findLast(
    ({ event, project }) => event === entry.event && project === entry.project,
  );
  if (newest && isSame(newest, entry)) return;
  await writeRecord(repository, subject, entry, registry, signal);
}

/** The same; that it could not be noted is a warning, which says what follows, and never fails the run. Only a cancel is thrown. */
export async function noteInLedger(
  note: Note,
  image: NotedImage,
  context: Pick<ActionContext, 'run' | 'clock' | 'signal' | 'log'>,
): Promise<void> {
  const { repository, subject } = image;
  const { signal, log } = context;
  try {
    await writeNote(note, image, context);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof ActionError ? error.message : `an unexpected ${nameOf(error)} was thrown`;
    const where = `${formatRepository(repository)}@${subject.digest}`;
    log.warning(`The ledger of ${where} lacks that it was ${note.event} (${note.verdict}): ${why}. ${meaning(note)}`);
  }
}

function isSame(record: LedgerRecord, entry: LedgerEntry): boolean {
  return (
    record.run === entry.run &&
    record.verdict === entry.verdict &&
    record.version === entry.version &&
    record.previous === entry.previous
  );
}

const meanings: Readonly<Record<LedgerEvent, string>> = {
  built: 'Nothing depends on it but what list-builds shows.',
  tested: 'promote-stable will not take this build while require-tested is on: bring it to TEST again.',
  loaded: 'promote-stable will not take this build while require-tested is on: launch it in TEST again.',
  promoted: 'The selector previous and prune-builds do not know of this promotion.',
  'rolled-back': 'The selector previous and prune-builds do not know of this promotion.',
  'backed-up': 'Nothing depends on it but what list-builds shows.',
};

function meaning({ event, verdict }: Note): string {
  const isTest = event === 'tested' || event === 'loaded';
  return isTest && verdict === 'failure' ? 'An earlier good record of this build still counts.' : meanings[event];
}

function clean<Entry extends LedgerEntry>(entry: Entry): Entry {
  return { ...entry, by: oneLine(entry.by, maxActorLength), reason: oneLine(entry.reason, maxReasonLength - 1) };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

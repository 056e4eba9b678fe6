import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { ActionContext } from '@delivery/core/action/context';
import type { TagState } from '@delivery/core/action/copy-image-tags';
import { copyAndTag, setTag } from '@delivery/core/action/copy-image-tags';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger, writeNote } from '@delivery/core/action/ledger';
import { buildName, stableTag } from '@delivery/core/domain/build';
import { sameRepository } from '@delivery/core/domain/image-reference';
import { isOfPromotion, promotionsOf, recordArtifactType, recordOf } from '@delivery/core/domain/ledger';
import type { Descriptor } from '@delivery/core/domain/manifest';
import { ActionError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import type { PromotedImage, Targets } from './aim.ts';
import type { Saved } from './back-up-first.ts';
import type { DeliverChoices, ProjectEnd } from './deliver.ts';
import { rollOutAll } from './deliver.ts';
import type { Change } from './difference.ts';
import { databaseStays, hasOtherSchema } from './plan.ts';
import type { Ports } from './ports.ts';

/** A promotion that has been decided. */
export interface Promotion {
  readonly image: PromotedImage;
  readonly change: Change;
  /** What becomes stable again when this fails; undefined: nothing is known. It is what was stable, else what was before that. */
  readonly wayBack: CatalogueBuild | undefined;
  /** All tags of the image's repository. */
  readonly builtTags: readonly string[];
  /** What the tags of the promoted repository named when it was decided: the version, then `stable`. */
  readonly tags: readonly TagState[];
  readonly reason: string;
}

/**
 * Copies the digest, sets its version, notes it and the backups that were made, and moves `stable` last. The note comes before the
 * move: what was stable before is known nowhere afterwards. Can be run again after any interruption. `onMoving` is called before
 * `stable` is written.
 */
export async function moveStable(
  promotion: Promotion,
  backups: readonly Saved[],
  registry: Registry,
  context: ActionContext,
  onMoving: () => void,
): Promise<void> {
  const { image, change, tags, builtTags } = promotion;
  const { chosen, stable } = change;
  const { digest, manifest, repository: from } = chosen;
  const of = { repository: image.promoted, subject: manifest, registry };
  const record = async () => {
    for (const note of backups.map((saved) => backupNote(saved, chosen))) await noteInLedger(note, of, context);
    const note = noteOf(promotion, { verdict: 'success', previous: stable?.digest, reason: promotion.reason });
    await writeNote(note, of, context);
    onMoving();
  };
  const request = {
    ...{ digest, manifest, from, to: image.promoted, tags, without: isRecordOfPromotion, beforeLast: record },
    ...(sameRepository(from, image.repository) && { fromTags: builtTags }),
  };
  const { written } = await copyAndTag(request, registry, context);
  const moved = written.includes(stableTag);
  context.log.info(moved ? `stable is ${buildName(chosen)} now` : `stable is ${buildName(chosen)} already`);
  // An image from before the ledger.
  if (!moved && promotionsOf(chosen.records).length === 0)
    await noteInLedger(noteOf(promotion, { verdict: 'success', reason: promotion.reason }), of, context);
}

function backupNote({ project, file }: Saved, { number }: CatalogueBuild): Note {
  return { event: 'backed-up', verdict: 'success', project, build: number, reason: file };
}

/** Promotions of another repository stay there. */
function isRecordOfPromotion({ artifactType, digest, annotations }: Descriptor): boolean {
  const record = artifactType === recordArtifactType ? recordOf(digest, annotations) : undefined;
  return record !== undefined && isOfPromotion(record);
}

interface Return {
  /** What became of it, as sentences. */
  readonly said: string;
  /** In place of what the projects say that were cancelled on the way; undefined: that holds. */
  readonly next?: string;
  /** How the projects ended that were brought back. */
  readonly ends: readonly ProjectEnd[];
}

/**
 * After a rollout that failed: `stable` names again what it did before, and so does every project that had followed already, or had
 * nothing of its own to go back to. What goes wrong on the way is said, not thrown; a cancel ends it after `stable` is back.
 */
export async function goBack(
  promotion: Promotion,
  ends: readonly ProjectEnd[],
  targets: Targets,
  choices: DeliverChoices,
  ports: Ports,
  context: ActionContext,
): Promise<Return> {
  const { image, change, wayBack } = promotion;
  const { chosen, stable } = change;
  // What has begun is ended, also when the run is cancelled by now: the runtime bounds the time that takes.
  const toTheEnd = { ...context, signal: new AbortController().signal };
  const failed = ends.filter(({ result }) => result === 'failure');
  const reason = failed.map((end) => `${end.project}: ${end.reason}`).join(' ');
  const of = { repository: image.promoted, subject: chosen.manifest, registry: ports.registry };
  await noteInLedger(noteOf(promotion, { verdict: 'failure', previous: stable?.digest, reason }), of, toTheEnd);
  if (!wayBack) return { said: 'What was stable before is not known, so stable stays where it is.', ends: [] };
  const followers = targets.aims.filter(({ project }) => followsNow(project.name, ends));
  const names = followers.map(({ project }) => project.name).join(', ');
  const trouble = await tagBack(image, chosen, wayBack, ports.registry, toTheEnd);
  if (trouble !== undefined)
    return { said: `${trouble}${names === '' ? '' : ` ${names} stays with ${buildName(chosen)}.`}`, ends: [] };
  const isBack = `stable is ${buildName(wayBack)} again`;
  if (hasOtherSchema(chosen, wayBack) && names !== '') {
    const schemas = `schema ${chosen.schemaVersion ?? ''} is not that of ${buildName(wayBack)}, ${wayBack.schemaVersion ?? ''}`;
    const said = `${isBack}, but ${names} stays with ${buildName(chosen)}: its ${schemas}.`;
    return withCancelled(said, ends, [], chosen, wayBack);
  }
  const back = { digest: wayBack.digest, number: wayBack.number, title: `${image.name} ${buildName(wayBack)}` };
  const rollout = { ...choices.rollout, force: true, 'on-failure': 'leave' } as const;
  const returned = await rollOutAll(followers, back, rollout, ports, context);
  const others = returned.filter(({ verdict }) => verdict !== 'cancelled');
  const said = [isBack, ...others.map(({ project, verdict }) => `${project} too: ${verdict}`)];
  return withCancelled(`${said.join('; ')}.`, ends, returned, chosen, wayBack);
}

/** A run that was cancelled watches nothing any more: what was set goes on rolling out, whatever stable is. */
function withCancelled(
  said: string,
  ends: readonly ProjectEnd[],
  returned: readonly ProjectEnd[],
  chosen: CatalogueBuild,
  wayBack: CatalogueBuild,
): Return {
  const cancelled = [...ends, ...returned].filter(({ verdict }) => verdict === 'cancelled');
  if (cancelled.length === 0) return { said: `${said} ${databaseStays}`, ends: returned };
  const names = cancelled.map(({ project }) => project).join(', ');
  const look = `Look first whether the database of ${names} was migrated to schema ${chosen.schemaVersion ?? ''} by then.`;
  return {
    said: `${said} ${databaseStays} ${names} was cancelled on the way and may run ${buildName(chosen)}.`,
    next: `${hasOtherSchema(chosen, wayBack) ? `${look} ` : ''}Promote ${buildName(wayBack)} for ${names}, so that it runs what is stable.`,
    ends: returned,
  };
}

/** It runs the new build, or may do so in part. */
function followsNow(project: string, ends: readonly ProjectEnd[]): boolean {
  const here = ['healthy', 'unchanged', 'stopped', 'left-failed', 'rollback-failed', 'broken-off'];
  return ends.some((end) => end.project === project && end.kind === 'rollout' && here.includes(end.verdict));
}

async function tagBack(
  { promoted }: PromotedImage,
  chosen: CatalogueBuild,
  wayBack: CatalogueBuild,
  registry: Registry,
  { signal, log }: ActionContext,
): Promise<string | undefined> {
  try {
    await setTag(promoted, { tag: stableTag, digest: chosen.digest }, wayBack.manifest, registry, signal);
    log.info(`stable is ${buildName(wayBack)} again`);
    return undefined;
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return `stable could not be set back: ${error.message}.`;
  }
}

function noteOf({ change }: Promotion, said: Pick<Note, 'verdict' | 'previous' | 'reason'>): Note {
  const { chosen, version, direction } = change;
  return { ...said, event: direction === 'rollback' ? 'rolled-back' : 'promoted', version, build: chosen.number };
}

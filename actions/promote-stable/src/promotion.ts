import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { ActionContext } from '@delivery/core/action/context';
import type { TagState } from '@delivery/core/action/copy-image-tags';
import { copyAndTag, setTag } from '@delivery/core/action/copy-image-tags';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger } from '@delivery/core/action/ledger';
import { stableTag } from '@delivery/core/domain/build';
import { promotionsOf } from '@delivery/core/domain/ledger';
import { ActionError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import type { PromotedImage, Targets } from './aim.ts';
import type { Change } from './difference.ts';
import type { DeliverChoices, ProjectEnd } from './deliver.ts';
import { rollOutAll } from './deliver.ts';
import { nameOf } from './plan.ts';
import type { Connected } from './ports.ts';

/** A promotion that has been decided. */
export interface Promotion {
  readonly image: PromotedImage;
  readonly change: Change;
  /** What the tags of the promoted repository named when it was decided: the version, then `stable`. */
  readonly tags: readonly TagState[];
  readonly reason: string;
}

/** Copies the digest, sets its version and `stable`, and notes it. Can be run again after any interruption. */
export async function moveStable(promotion: Promotion, registry: Registry, context: ActionContext): Promise<void> {
  const { image, change, tags } = promotion;
  const { chosen, stable } = change;
  const { digest, manifest, repository: from } = chosen;
  const { written } = await copyAndTag({ digest, manifest, from, to: image.promoted, tags }, registry, context);
  const moved = written.includes(stableTag);
  context.log.info(moved ? `stable is ${nameOf(chosen)} now` : `stable is ${nameOf(chosen)} already`);
  // One that was interrupted after it had moved the tag left no record.
  if (!moved && promotionsOf(chosen.records).length > 0) return;
  const previous = stable && stable.digest !== digest ? stable.digest : undefined;
  await note({ verdict: 'success', previous, reason: promotion.reason }, promotion, registry, context);
}

/**
 * After a rollout that failed: `stable` names again what it did before, and so does every project that had followed already. Gives
 * what became of it, as sentences, and how the projects ended. Never throws for what goes wrong on the way: that is said.
 */
export async function goBack(
  promotion: Promotion,
  failed: readonly ProjectEnd[],
  followers: Targets['aims'],
  choices: DeliverChoices,
  ports: Connected,
  context: ActionContext,
): Promise<{ readonly said: string; readonly ends: readonly ProjectEnd[] }> {
  const { image, change } = promotion;
  const { stable, chosen } = change;
  const reason = failed.map((end) => `${end.project}: ${end.reason}`).join(' ');
  await note({ verdict: 'failure', previous: stable?.digest, reason }, promotion, ports.registry, context);
  if (!stable) return { said: 'Nothing was stable before, so stable stays where it is.', ends: [] };
  if (stable.digest === chosen.digest) return { said: 'It was stable already, and stays so.', ends: [] };
  const trouble = await tagBack(image, chosen, stable, ports.registry, context);
  if (trouble !== undefined) return { said: trouble, ends: [] };
  const back = { digest: stable.digest, number: stable.number, title: `${image.name} ${nameOf(stable)}` };
  const rollout = { ...choices.rollout, force: true, 'on-failure': 'leave' } as const;
  const ends = await rollOutAll(followers, back, rollout, ports, context);
  const said = [
    `stable is ${nameOf(stable)} again`,
    ...ends.map(({ project, verdict }) => `${project} too: ${verdict}`),
  ];
  return { said: `${said.join('; ')}.`, ends };
}

async function tagBack(
  { promoted }: PromotedImage,
  chosen: CatalogueBuild,
  stable: CatalogueBuild,
  registry: Registry,
  { signal, log }: ActionContext,
): Promise<string | undefined> {
  try {
    await setTag(promoted, { tag: stableTag, digest: chosen.digest }, stable.manifest, registry, signal);
    log.info(`stable is ${nameOf(stable)} again`);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActionError)) throw error;
    return `stable could not be set back: ${error.message}.`;
  }
}

async function note(
  said: Pick<Note, 'verdict' | 'previous' | 'reason'>,
  { image, change }: Promotion,
  registry: Registry,
  context: ActionContext,
): Promise<void> {
  const { chosen, version, direction } = change;
  const event = direction === 'rollback' ? 'rolled-back' : 'promoted';
  const of = { repository: image.promoted, subject: chosen.manifest, registry };
  await noteInLedger({ ...said, event, version, build: chosen.number }, of, context);
}

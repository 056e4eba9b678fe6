import type { ActionContext } from '@delivery/core/action/context';
import { within } from '@delivery/core/action/within';
import type { Digest } from '@delivery/core/domain/digest';
import type { Removal } from '@delivery/core/domain/retention-order';
import type { KeepReason } from '@delivery/core/domain/retention-reasons';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import { writeJournal } from './journal.ts';
import type { Remover, Removed } from './remover.ts';
import type { Watch } from './watch.ts';

/** What became of a plan. */
export interface Pruned {
  /** Manifests that are gone, by this run or before it came to them. */
  readonly deleted: ReadonlySet<Digest>;
  /** What the registry does not delete, with the reason. */
  readonly refused: ReadonlyMap<Digest, string>;
  /** What was to go, and has come to be used before the run came to it. */
  readonly spared: ReadonlyMap<Digest, KeepReason>;
  /** How many manifests were not come to. */
  readonly left: number;
  /** The registry takes tags away and nothing else: what they named is its own to clean up. */
  readonly onlyTags: boolean;
  /** Why the run stopped before its end; undefined when it did not. */
  readonly stopped: Stop | undefined;
}

export interface Stop {
  /** `failure`: something went wrong. `later`: a limit, or the time is over. */
  readonly is: 'failure' | 'later';
  readonly why: string;
  readonly next: string;
}

export interface PruneScene {
  readonly watch: Watch;
  readonly registry: Registry;
  /** Asked for once the repository was looked at again. */
  readonly remover: (watch: Watch, context: ActionContext) => Promise<Remover>;
  readonly deadline: Date;
}

const unsupported = 'the registry does not delete';
/** So many refusals in a row, with nothing deleted between, for want of permission: the rest would be refused too. */
const mostRefusals = 5;

/**
 * Looks again, and deletes what the plan says by then, in its order, looking again meanwhile (docs/prune-builds.md). Whatever stops
 * it, the journal that it leaves leads the next run to the rest. Throws only what is no ActionError.
 */
export async function prune(scene: PruneScene, context: ActionContext): Promise<Pruned> {
  const { watch, deadline } = scene;
  const progress = new Progress(watch.plan.removals);
  if (watch.plan.removals.length === 0) return progress.end(undefined);
  const leftMs = Math.max(0, deadline.getTime() - context.clock.now().getTime());
  try {
    const act = (signal: AbortSignal) => pruneWithin(scene, progress, { ...context, signal });
    return progress.end(await within(leftMs, context, act, overTime));
  } catch (error) {
    if (context.signal.aborted) return progress.end(cancelled);
    if (!(error instanceof ActionError)) throw error;
    return progress.end(stopOf(error, context));
  }
}

async function pruneWithin(scene: PruneScene, progress: Progress, context: ActionContext): Promise<Stop | undefined> {
  const { watch } = scene;
  const { signal } = context;
  await watch.look(context);
  const remover = await scene.remover(watch, context);
  const { removals } = watch.plan;
  progress.begin(removals);
  if (removals.length === 0) return undefined;
  const canRemove = await remover.canRemove(signal);
  progress.canRemove = canRemove;
  const journal = canRemove ? await writeDown(removals, scene, signal) : undefined;
  watch.begin();
  const stopped = await removeAll(removals, remover, scene, progress, context);
  if (journal !== undefined && !stopped && progress.refusals === 0 && !progress.hasOrphans)
    await forget(journal, remover, context);
  return stopped;
}

function writeDown(
  removals: readonly Removal[],
  { watch, registry }: PruneScene,
  signal: AbortSignal,
): Promise<Digest> {
  const digests = removals.filter(({ withManifest }) => withManifest).map(({ digest }) => digest);
  return writeJournal([...new Set(digests)], watch.scene.aim.image.repository, registry, signal);
}

/** What fails here is no harm: the next run deletes the journal along with what it leads to. */
async function forget(journal: Digest, remover: Remover, { signal, log }: ActionContext): Promise<void> {
  try {
    await remover.learn(journal, signal);
    await remover.removeManifest(journal, signal);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    log.info(`The journal of this run stays for the next one: ${error.message}`);
  }
}

async function removeAll(
  removals: readonly Removal[],
  remover: Remover,
  { watch, deadline }: PruneScene,
  progress: Progress,
  context: ActionContext,
): Promise<Stop | undefined> {
  for (const removal of removals) {
    if (context.clock.now() >= deadline) return overTime;
    await watch.lookIfStale(context);
    const spared = watch.reasonToSpare(removal);
    if (spared) {
      progress.spare(removal, spared);
      continue;
    }
    if (progress.isNeeded(removal)) {
      progress.add(removal, 'needed');
      continue;
    }
    const end = await removeOne(removal, remover, watch, progress.canRemove, context);
    progress.add(removal, end);
    context.log.debug(`${[...removal.tags, removal.digest].join(' ')}: ${typeof end === 'string' ? end : end.refused}`);
    if (!progress.canRemove && end === 'unsupported') return undefined;
    if (progress.refusalsInARow >= mostRefusals) return allRefused;
  }
  return undefined;
}

async function removeOne(
  removal: Removal,
  remover: Remover,
  watch: Watch,
  canRemove: boolean,
  { signal }: ActionContext,
): Promise<Removed | 'needed'> {
  const ofTags: Removed[] = [];
  for (const tag of removal.tags) {
    const end = await remover.removeTag(tag, signal);
    if (isGone(end)) watch.forgetTag(tag);
    ofTags.push(end);
  }
  if (!removal.withManifest || !canRemove) return endOfTags(ofTags);
  const end = await remover.removeManifest(removal.digest, signal);
  if (isGone(end)) watch.forgetManifest(removal);
  return end;
}

function isGone(end: Removed | 'needed'): boolean {
  return end === 'removed' || end === 'absent';
}

/** Where only tags are taken away: `needed` for what has none, which nobody but the registry can delete. */
function endOfTags(ends: readonly Removed[]): Removed | 'needed' {
  if (ends.length === 0) return 'needed';
  return ends.find((end) => !isGone(end)) ?? 'removed';
}

const overTime: Stop = {
  is: 'later',
  why: 'the time is over',
  next: 'The next run goes on where this one stopped; give it more time by the input timeout.',
};

const cancelled: Stop = {
  is: 'failure',
  why: 'the run was cancelled',
  next: 'The next run goes on where this one stopped.',
};

const allRefused: Stop = {
  is: 'failure',
  why: `GitHub refused ${mostRefusals} deletions in a row`,
  next: 'Give the workflow the role admin of the package: its page, Package settings, Manage Actions access.',
};

function stopOf(error: ActionError, { clock }: ActionContext): Stop {
  if (!(error instanceof RemoteError) || !error.retryable || error.retryAfterMs === undefined)
    return { is: 'failure', why: error.message, next: error.hint ?? 'The next run goes on where this one stopped.' };
  const from = new Date(clock.now().getTime() + error.retryAfterMs).toISOString();
  return { is: 'later', why: error.message, next: `The next run goes on where this one stopped, from ${from} on.` };
}

class Progress {
  refusals = 0;
  refusalsInARow = 0;
  /** The registry deletes manifests. */
  canRemove = true;
  /** Something was spared after what it belonged to was deleted: only the journal leads to it. */
  hasOrphans = false;
  #removals: readonly Removal[];
  readonly #spared = new Map<Digest, KeepReason>();
  readonly #deleted = new Set<Digest>();
  readonly #refused = new Map<Digest, string>();
  readonly #stays = new Set<Digest>();
  #done = 0;

  constructor(removals: readonly Removal[]) {
    this.#removals = removals;
  }

  /** What is going to be done after all. */
  begin(removals: readonly Removal[]): void {
    this.#removals = removals;
  }

  /** Whether something that goes before it, and would be broken without it, is still there. */
  isNeeded({ after }: Removal): boolean {
    return after.some((digest) => this.#stays.has(digest));
  }

  spare({ digest, withManifest, after }: Removal, because: KeepReason): void {
    this.#done += 1;
    if (!withManifest) return;
    this.#stays.add(digest);
    this.#spared.set(digest, because);
    this.hasOrphans ||= after.some((other) => this.#deleted.has(other));
  }

  /** `needed`: it was left alone. */
  add({ digest, withManifest }: Removal, end: Removed | 'needed'): void {
    this.#done += 1;
    // A tag that stays on what stays anyway is no harm: not every registry takes a tag away alone.
    if (!withManifest) return;
    if (isGone(end)) {
      this.#deleted.add(digest);
      this.refusalsInARow = 0;
      return;
    }
    this.#stays.add(digest);
    if (end === 'needed') return;
    this.refusals += 1;
    this.#refused.set(digest, typeof end === 'string' ? unsupported : end.refused);
    if (typeof end !== 'string' && end.isPermission) this.refusalsInARow += 1;
  }

  end(stopped: Stop | undefined): Pruned {
    const rest = this.#removals.slice(this.#done).filter(({ withManifest }) => withManifest);
    if (!stopped) for (const { digest } of rest) this.#refused.set(digest, unsupported);
    return {
      deleted: this.#deleted,
      refused: this.#refused,
      spared: this.#spared,
      left: stopped ? rest.length : 0,
      onlyTags: !this.canRemove && this.#deleted.size > 0,
      stopped,
    };
  }
}

import type { ActionContext } from '@delivery/core/action/context';
import type { Digest } from '@delivery/core/domain/digest';
import type { RetentionPlan } from '@delivery/core/domain/retention';
import type { Removal } from '@delivery/core/domain/retention-order';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import type { Repository } from '@delivery/core/domain/image-reference';
import { writeJournal } from './journal.ts';
import type { Remover, Removed } from './remover.ts';

/** What became of a plan. */
export interface Pruned {
  /** Manifests that are gone, by this run or before it came to them. */
  readonly deleted: ReadonlySet<Digest>;
  /** What the registry does not delete, with the reason. */
  readonly refused: ReadonlyMap<Digest, string>;
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
  readonly repository: Repository;
  readonly registry: Registry;
  readonly remover: Remover;
  readonly deadline: Date;
}

const unsupported = 'the registry does not delete';
/** So many refusals in a row, with nothing deleted between: what refuses them is not the single version. */
const mostRefusals = 5;

/** Deletes what the plan says, in its order. Whatever stops it, the journal that it leaves leads the next run to the rest. */
export async function prune(plan: RetentionPlan, scene: PruneScene, context: ActionContext): Promise<Pruned> {
  const { signal } = context;
  const progress = new Progress(plan.removals);
  if (plan.removals.length === 0) return progress.end(undefined, false);
  let canRemove = true;
  try {
    canRemove = await scene.remover.canRemove(signal);
    const journal = canRemove ? await writeDown(plan, scene, signal) : undefined;
    const stopped = await removeAll(plan.removals, canRemove, scene, progress, context);
    if (journal !== undefined && !stopped && progress.refusals === 0) await forget(journal, scene, context);
    return progress.end(stopped, !canRemove);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return progress.end(stopOf(error, context), !canRemove);
  }
}

function writeDown({ removals }: RetentionPlan, scene: PruneScene, signal: AbortSignal): Promise<Digest> {
  const digests = removals.filter(({ withManifest }) => withManifest).map(({ digest }) => digest);
  return writeJournal([...new Set(digests)], scene.repository, scene.registry, signal);
}

/** What fails here is no harm: the next run deletes the journal along with what it leads to. */
async function forget(journal: Digest, { remover }: PruneScene, { signal, log }: ActionContext): Promise<void> {
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
  canRemove: boolean,
  { remover, deadline }: PruneScene,
  progress: Progress,
  { clock, signal, log }: ActionContext,
): Promise<Stop | undefined> {
  for (const removal of removals) {
    if (clock.now() >= deadline) return overTime;
    const { digest, tags, withManifest } = removal;
    if (progress.isNeeded(removal)) {
      progress.add(removal, 'needed');
      continue;
    }
    const ofTags: Removed[] = [];
    for (const tag of tags) ofTags.push(await remover.removeTag(tag, signal));
    const end = withManifest && canRemove ? await remover.removeManifest(digest, signal) : endOfTags(ofTags);
    progress.add(removal, end);
    log.debug(`${[...tags, digest].join(' ')}: ${typeof end === 'string' ? end : end.refused}`);
    if (!canRemove && end === 'unsupported') return undefined;
    if (progress.refusalsInARow >= mostRefusals) return allRefused;
  }
  return undefined;
}

/** Where only tags are taken away: `needed` for what has none, which nobody but the registry can delete. */
function endOfTags(ends: readonly Removed[]): Removed | 'needed' {
  if (ends.length === 0) return 'needed';
  return ends.find((end) => end !== 'removed' && end !== 'absent') ?? 'removed';
}

const overTime: Stop = {
  is: 'later',
  why: 'the time is over',
  next: 'The next run goes on where this one stopped; give it more time by the input timeout.',
};

const allRefused: Stop = {
  is: 'failure',
  why: `GitHub refused ${mostRefusals} deletions in a row`,
  next: 'Give the workflow the role admin of the package: its page, Package settings, Manage Actions access.',
};

function stopOf(error: RemoteError, { clock }: ActionContext): Stop {
  if (!error.retryable || error.retryAfterMs === undefined)
    return { is: 'failure', why: error.message, next: error.hint ?? 'The next run goes on where this one stopped.' };
  const from = new Date(clock.now().getTime() + error.retryAfterMs).toISOString();
  return { is: 'later', why: error.message, next: `The next run goes on where this one stopped, from ${from} on.` };
}

class Progress {
  refusals = 0;
  refusalsInARow = 0;
  readonly #removals: readonly Removal[];
  readonly #deleted = new Set<Digest>();
  readonly #refused = new Map<Digest, string>();
  readonly #stays = new Set<Digest>();
  #done = 0;

  constructor(removals: readonly Removal[]) {
    this.#removals = removals;
  }

  /** Whether something that goes before it, and would be broken without it, is still there. */
  isNeeded({ after }: Removal): boolean {
    return after.some((digest) => this.#stays.has(digest));
  }

  /** `needed`: it was left alone. */
  add({ digest, withManifest }: Removal, end: Removed | 'needed'): void {
    this.#done += 1;
    // A tag that stays on what stays anyway is no harm: not every registry takes a tag away alone.
    if (!withManifest) return;
    if (end === 'removed' || end === 'absent') {
      this.#deleted.add(digest);
      this.refusalsInARow = 0;
      return;
    }
    this.#stays.add(digest);
    if (end === 'needed') return;
    this.refusals += 1;
    this.#refused.set(digest, typeof end === 'string' ? unsupported : end.refused);
    if (typeof end !== 'string') this.refusalsInARow += 1;
  }

  end(stopped: Stop | undefined, onlyTags: boolean): Pruned {
    const rest = this.#removals.slice(this.#done).filter(({ withManifest }) => withManifest);
    if (!stopped) for (const { digest } of rest) this.#refused.set(digest, unsupported);
    const left = stopped ? rest.length : 0;
    return {
      deleted: this.#deleted,
      refused: this.#refused,
      left,
      onlyTags: onlyTags && this.#deleted.size > 0,
      stopped,
    };
  }
}

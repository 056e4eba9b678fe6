import type { ActionContext } from '@delivery/core/action/context';
import type { Digest } from '@delivery/core/domain/digest';
import type { RetentionPlan } from '@delivery/core/domain/retention';
import type { Removal } from '@delivery/core/domain/retention-order';
import type { KeepReason } from '@delivery/core/domain/retention-reasons';
import type { PackageVersion } from '@delivery/core/ports/package-versions';
import type { Scene } from './observe.ts';
import { planScene } from './observe.ts';
import type { Ports } from './ports.ts';
import { addChangedVersions, recheck } from './recheck.ts';
import type { Use } from './running.ts';
import { readUses } from './running.ts';

/** What is deleted was looked at so many milliseconds before, and the time of one look, at most. */
const staleAfterMs = 50_000;

/** A repository while it is pruned: what a tag or a project has come to meanwhile is kept. */
export class Watch {
  readonly scene: Scene;
  /** By what was seen last. */
  plan: RetentionPlan;
  /** By what was seen right before the first deletion: what every build is judged by. */
  planToTell: RetentionPlan;
  readonly #ports: Ports;
  readonly #changed = new Map<Digest, string>();
  #uses: readonly Use[];
  #lookedAt = 0;
  #hasBegun = false;

  constructor(scene: Scene, plan: RetentionPlan, uses: readonly Use[], ports: Ports) {
    this.scene = scene;
    this.plan = plan;
    this.planToTell = plan;
    this.#uses = uses;
    this.#ports = ports;
  }

  /** Once right before the first deletion, then whenever it is long ago. Throws ActionError `unread`. */
  async look(context: ActionContext): Promise<void> {
    const { registry } = this.#ports;
    for (const [digest, tag] of await recheck(this.scene, this.plan, registry, context.signal))
      this.#changed.set(digest, tag);
    // The clusters last: what they run changes the fastest.
    this.#uses = await readUses(this.#ports, context);
    await this.#planAgain(context);
    this.#lookedAt = context.clock.now().getTime();
  }

  async lookIfStale(context: ActionContext): Promise<void> {
    if (context.clock.now().getTime() - this.#lookedAt >= staleAfterMs) await this.look(context);
  }

  async learn(versions: ReadonlyMap<Digest, PackageVersion>, context: ActionContext): Promise<void> {
    addChangedVersions(versions, this.scene, this.#changed);
    await this.#planAgain(context);
  }

  /** From now on this run may have deleted these: it goes on as the next run would. */
  begin(): void {
    this.#hasBegun = true;
    for (const { digest, withManifest } of this.plan.removals) if (withManifest) this.scene.leftovers.add(digest);
  }

  /** Why it may not be deleted any more; undefined where it still may. */
  reasonToSpare({ digest, tags, withManifest }: Removal): KeepReason | undefined {
    const { stored } = this.scene;
    const moved = tags.find((tag) => stored.tags.get(tag) !== digest);
    if (moved !== undefined) return { is: 'changed', tag: moved };
    if (!withManifest) return undefined;
    const verdict = this.plan.verdicts.get(digest);
    if (verdict?.keep) return verdict.because;
    for (const [tag, named] of stored.tags) if (named === digest && !tags.includes(tag)) return { is: 'changed', tag };
    return undefined;
  }

  forgetTag(tag: string): void {
    this.scene.stored.tags.delete(tag);
  }

  forgetManifest({ digest, tags }: Removal): void {
    for (const tag of tags) this.forgetTag(tag);
    this.scene.gone.add(digest);
  }

  async #planAgain(context: ActionContext): Promise<void> {
    const asking = { ...context, registry: this.#ports.registry };
    this.plan = await planScene(this.scene, this.#uses, this.#changed, asking);
    if (!this.#hasBegun) this.planToTell = this.plan;
  }
}

import { runsImage } from '../../domain/rollout/health.ts';
import type { Container, StreamTag, Workload } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageChange } from '../../ports/cluster.ts';
import { repeatWithinMs } from './answers.ts';
import { retrying } from './backoff.ts';
import type { ImageStreams, StreamState } from './image-stream.ts';
import { describeTag, digestIn, importFailed } from './image-stream.ts';
import { conflict } from './images.ts';

/** An import asks one registry for a manifest, and a trigger follows within moments; both may wait behind others. */
const triggerWithinMs = 120_000;
const longestPauseMs = 2_000;

interface Feed {
  readonly tag: StreamTag;
  readonly reference: string;
  readonly digest: string;
  /** As it was before this. */
  before: StreamState | undefined;
}

/** One change of a workload by the tags that feed its containers. */
export class Feeding {
  readonly #streams: ImageStreams;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #feeds = new Map<string, Feed>();

  constructor(streams: ImageStreams, clock: Clock, signal: AbortSignal) {
    this.#streams = streams;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Points the tags to `images`; a tag that is right already is left alone. May be called again after it has thrown. */
  async tag(workload: Workload, images: ImageChange['images'], change: ImageChange, dryRun: boolean): Promise<void> {
    for (const container of workload.containers) {
      const reference = images[container.name];
      if (reference === undefined || !container.fedBy) continue;
      const feed = this.#feedOf(container.fedBy, reference, workload, container);
      const state = await this.#streams.read(feed.tag, this.#signal);
      if (change.expected?.[container.name] !== undefined && state.isMovingFrom(container.image, feed.digest))
        throw conflict(workload, `${describeTag(feed.tag)} names another image already`, { retryable: true });
      if (state.wanted === feed.digest && state.failure === undefined) continue;
      if (!dryRun) feed.before ??= state;
      await this.#streams.tag(state, state.sourceOf(reference), { dryRun }, this.#signal);
    }
  }

  /** Waits until the triggers have put the digests into the template. Looks at pauses: it takes a second or two. */
  async arrived(read: () => Promise<Workload>, images: ImageChange['images']): Promise<void> {
    const deadline = this.#clock.now().getTime() + triggerWithinMs;
    for (let pause = 250; ; pause = Math.min(2 * pause, longestPauseMs)) {
      const workload = await read();
      const late = workload.containers.filter((one) => !runsImage(one, images[one.name] ?? one.image));
      if (late.length === 0) return;
      for (const feed of this.#feeds.values()) await this.#requireOurs(feed, workload);
      if (this.#clock.now().getTime() >= deadline) throw silent(workload, late);
      await this.#clock.sleep(pause, this.#signal);
    }
  }

  /** Sets back every tag that still names what this has set. What goes wrong here does not matter beside why it is done. */
  async undo(): Promise<void> {
    for (const { tag, digest, before } of this.#feeds.values()) {
      if (!before) continue;
      try {
        const state = await this.#streams.read(tag, this.#signal);
        const from = wayBack(before);
        if (state.wanted === digest && from) await this.#streams.tag(state, from, { dryRun: false }, this.#signal);
      } catch (error) {
        if (!(error instanceof ActionError)) throw error;
      }
    }
  }

  #feedOf(tag: StreamTag, reference: string, workload: Workload, { name }: Container): Feed {
    const digest = digestIn(reference);
    if (digest === undefined)
      throw new ActionError(
        'digest-missing',
        `${describeWorkload(workload)}: ${describeTag(tag)} feeds container ${name} and takes images by digest, not ${reference}`,
      );
    const key = describeTag(tag);
    const feed = this.#feeds.get(key) ?? { tag, reference, digest, before: undefined };
    this.#feeds.set(key, feed);
    return feed;
  }

  async #requireOurs({ tag, digest, reference }: Feed, workload: Workload): Promise<void> {
    const read = () => this.#streams.read(tag, this.#signal);
    const state = await retrying(this.#clock, repeatWithinMs, this.#signal, read);
    if (state.wanted !== digest) throw conflict(workload, `${describeTag(tag)} names another image now`);
    if (state.failure !== undefined) throw importFailed(state, reference, state.failure);
  }
}

/** By digest: a tag of the registry may have moved meanwhile, to the very image that is not to come. */
function wayBack({ feed, spec, wanted, current }: StreamState): ReturnType<StreamState['sourceOf']> | undefined {
  if (wanted === undefined && current !== undefined)
    return { kind: 'ImageStreamImage', name: `${feed.stream}@${current}` };
  return spec?.from ?? undefined;
}

function silent(workload: Workload, late: readonly Container[]): ActionError {
  const tags = late.map(({ name, fedBy }) => `${fedBy ? describeTag(fedBy) : 'its trigger'} feeds container ${name}`);
  return new ActionError(
    'trigger-silent',
    `${describeWorkload(workload)}: ${tags.join('; ')}, but its trigger has not brought the image within ${triggerWithinMs / 1000} s`,
    {
      hint: 'The tag is set back. Look at the ImageStream (`oc describe is`) and whether its image was imported; or pause the trigger.',
    },
  );
}

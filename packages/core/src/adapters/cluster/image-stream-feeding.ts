import { isDeepStrictEqual } from 'node:util';
import type { Digest } from '../../domain/digest.ts';
import { shortDigest } from '../../domain/digest.ts';
import { oneLine } from '../../domain/printable.ts';
import { runsImage } from '../../domain/rollout/health.ts';
import type { Container, StreamTag, Workload } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError, isRefusal, RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageChange } from '../../ports/cluster.ts';
import { repeatWithinMs } from './answers.ts';
import { retrying } from './backoff.ts';
import type { ImageStreams, StreamState, TagReference } from './image-stream.ts';
import { describeTag, digestIn, importFailed } from './image-stream.ts';
import { conflict } from './images.ts';

/** An import asks one registry for a manifest, and a trigger follows within moments; both may wait behind others. */
const triggerWithinMs = 120_000;
const longestPauseMs = 2_000;

interface Feed {
  readonly tag: StreamTag;
  readonly reference: string;
  readonly digest: Digest;
  /** As it was when this set it; undefined while this has not. */
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
      await this.#point(feed, state, dryRun);
    }
  }

  async #point(feed: Feed, state: StreamState, dryRun: boolean): Promise<void> {
    const { before } = feed;
    // It names the digest already where an answer was lost, or an import has failed.
    if (!dryRun && state.wanted !== feed.digest) feed.before = state;
    try {
      await this.#streams.tag(state, state.pointedTo(feed.reference), { dryRun }, this.#signal);
    } catch (error) {
      if (isRefusal(error)) feed.before = before;
      throw error;
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

  /** Sets back every tag that still names what this has set, or keeps it (see SetOptions). Gives `error`, which is why, with what came of it. */
  async undo(error: unknown, keepTags: boolean): Promise<unknown> {
    const isKept = keepTags && !isNoWay(error);
    const said: string[] = [];
    for (const feed of this.#feeds.values()) {
      if (!feed.before) continue;
      const kept = () => `${describeTag(feed.tag)} stays set to ${shortDigest(feed.digest)}`;
      said.push(isKept ? kept() : await this.#setBack(feed, feed.before));
    }
    return said.length > 0 && error instanceof ActionError ? withTags(error, said.join('; ')) : error;
  }

  async #setBack({ tag, digest }: Feed, before: StreamState): Promise<string> {
    const back = before.wayBack;
    const name = describeTag(tag);
    try {
      return await retrying(this.#clock, repeatWithinMs, this.#signal, async () => {
        const state = await this.#streams.read(tag, this.#signal);
        if (state.wanted === digest) await this.#streams.tag(state, back, { dryRun: false }, this.#signal);
        else if (!isDeepStrictEqual(state.spec?.from, back?.from))
          return `${name} which this run had set, names ${oneLine(state.spec?.from?.name ?? 'nothing')} now and is left alone`;
        return `${name} is set back`;
      });
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      return `${name} could not be set back (${error.message}): ${setBackByHand(tag, back)}`;
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

/** What a tag that is to be kept goes back after all for: the image cannot come, or somebody else is at it. */
function isNoWay(error: unknown): boolean {
  if (error instanceof RemoteError) return error.status === 409;
  return error instanceof ActionError && error.code === 'import-failed';
}

/** What was changed by somebody else says that nothing was changed, which is not so where a tag was. */
function withTags(error: ActionError, said: string): ActionError {
  const message = `${error.message}. ${said}`;
  const { code, hint, cause } = error;
  if (!(error instanceof RemoteError)) return new ActionError(code, message, { hint, cause });
  const { system, status, retryable, retryAfterMs } = error;
  const own = status === 409 ? 'Find out who else deploys to this namespace, then run it again.' : hint;
  return new RemoteError(system, message, { status, retryable, retryAfterMs, hint: own, cause });
}

function setBackByHand({ namespace, stream, tag }: StreamTag, back: TagReference | undefined): string {
  const to = `${stream}:${tag}`;
  if (!back?.from) return `oc tag -n ${namespace} -d ${to}`;
  const source = back.from.kind === 'DockerImage' ? '--source=docker ' : '';
  return `oc tag -n ${namespace} ${source}${oneLine(back.from.name ?? '')} ${to}`;
}

function silent(workload: Workload, late: readonly Container[]): ActionError {
  const tags = late.map(({ name, fedBy }) => `${fedBy ? describeTag(fedBy) : 'its trigger'} feeds container ${name}`);
  return new ActionError(
    'trigger-silent',
    `${describeWorkload(workload)}: ${tags.join('; ')}, but its trigger has not brought the image within ${triggerWithinMs / 1000} s`,
    {
      hint: 'Look at the ImageStream (`oc describe is`) and whether its image was imported; or pause the trigger.',
    },
  );
}

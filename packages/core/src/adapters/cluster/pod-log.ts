import type { Pod } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ContainerRun } from '../../ports/jobs.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { pauseMs } from './backoff.ts';
import { LogLines } from './log-lines.ts';
import { LogMemory } from './log-memory.ts';
import type { Place } from './log-place.ts';
import { placeOf } from './log-place.ts';

/** A connection on which nothing comes for so long is taken for dead; a container that is silent costs three requests then. */
const silenceMs = 30_000;
/** Between two looks at a container that has not started. */
const waitMs = 1_000;
/** How often in a row the log of a container that has ended may fail to come: about 45 s. */
const maxFailures = 20;

interface Following {
  readonly run: ContainerRun;
  /** Undefined when the API server has none of its name. */
  readonly readPod: () => Promise<Pod | undefined>;
  readonly take: (lines: readonly string[]) => void;
}

/**
 * See Jobs.followLog. The end of a stream is not the end of a log: kubelet and API server end streams at will. So the pod tells
 * whether the container has ended; then the log is read without `follow` until a reading brings nothing new.
 */
export async function followLog(
  client: ApiClient,
  following: Following,
  clock: Clock,
  signal: AbortSignal,
): Promise<'complete' | 'gone'> {
  return new PodLog(client, following, clock, signal).follow();
}

class PodLog {
  readonly #client: ApiClient;
  readonly #run: ContainerRun;
  readonly #readPod: Following['readPod'];
  readonly #take: Following['take'];
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #memory = new LogMemory();
  #place: Place;
  /** The line without an end at the end of the last stream. */
  #rest = '';
  /** Streams in a row that brought nothing. */
  #failures = 0;
  #trouble: RemoteError | undefined;

  constructor(client: ApiClient, { run, readPod, take }: Following, clock: Clock, signal: AbortSignal) {
    this.#client = client;
    this.#run = run;
    this.#readPod = readPod;
    this.#take = take;
    this.#clock = clock;
    this.#signal = signal;
    this.#place = placeOf(run.pod, run);
  }

  async follow(): Promise<'complete' | 'gone'> {
    this.#signal.throwIfAborted();
    for (;;) {
      const before = this.#place;
      if (before === 'waiting' || before === 'gone') this.#failures += 1;
      else {
        const end = await this.#read(before);
        if (end) return end;
      }
      if (this.#trouble !== undefined || !isOver(this.#place)) await this.#look();
      this.#endure();
      if (this.#place === 'gone') return 'gone';
      if (this.#place === before) await this.#clock.sleep(this.#pauseMs(), this.#signal);
      this.#trouble = undefined;
    }
  }

  /** One stream, to its end; gives how the log has ended, once that is known. */
  async #read(place: Place): Promise<'complete' | 'gone' | undefined> {
    const lines = new LogLines();
    const sieve = this.#memory.sieve();
    const hand = new Hand(this.#take);
    try {
      await this.#client.stream(this.#request(place), this.#signal, async (body) => {
        await this.#requireSame(place);
        for await (const chunk of body) hand.over(sieve.pass(lines.push(chunk)));
      });
    } catch (error) {
      if (hand.fault) throw hand.fault.error;
      this.#note(error);
    }
    this.#failures = hand.count > 0 ? 0 : this.#failures + 1;
    const [rest, before] = [lines.rest(), this.#rest];
    this.#rest = rest?.text ?? '';
    if (this.#trouble !== undefined || !isOver(place)) return undefined;
    // The kubelet's words, with status 200, for a log it cannot read, such as one whose file is gone.
    if (rest?.stamp === '' && !/^\d/.test(rest.text)) return 'gone';
    // A stream may have ended early, and in the middle of a line: one more tells.
    if (hand.count > 0 || this.#rest !== before) return undefined;
    hand.over([...sieve.pass(rest ? [rest] : []), ...sieve.end()]);
    return 'complete';
  }

  #request(place: Place): ApiRequest {
    const { pod, container } = this.#run;
    const since = this.#memory.since();
    const query = {
      container,
      timestamps: 'true',
      ...(isOver(place) ? {} : { follow: 'true' }),
      ...(place === 'previous' ? { previous: 'true' } : {}),
      ...(since === undefined ? {} : { sinceTime: since }),
    };
    const { namespace, name } = pod;
    return { verb: 'get', group: '/api/v1', resource: 'pods/log', namespace, name, query, withinMs: silenceMs };
  }

  /** A stream is of the run that was the present one, or the previous one, when it began: which one that was, the pod tells now. */
  async #requireSame(place: Place): Promise<void> {
    this.#place = placeOf(await this.#readPod(), this.#run);
    const isCurrent = this.#place === 'running' || this.#place === 'ended';
    if (this.#place !== place && !(isCurrent && place !== 'previous'))
      throw new RemoteError('cluster', `the log of ${this.#run.container} is another run's by now`, {
        retryable: true,
      });
  }

  async #look(): Promise<void> {
    try {
      this.#place = placeOf(await this.#readPod(), this.#run);
    } catch (error) {
      this.#note(error);
    }
  }

  #note(error: unknown): void {
    this.#signal.throwIfAborted();
    if (!(error instanceof RemoteError)) throw error;
    this.#trouble = error;
  }

  /** What may pass is waited out; after the container's end only for so long: the log may have gone with its node. */
  #endure(): void {
    const trouble = this.#trouble;
    if (trouble === undefined) return;
    // 400: it has not started yet, or there is no such run any more; 404: the kubelet does not know the pod.
    const isMissing = trouble.status === 400 || trouble.status === 404;
    if (!trouble.retryable && !isMissing) throw trouble;
    if (!isOver(this.#place) || this.#failures < maxFailures) return;
    if (!isMissing) throw trouble;
    this.#place = 'gone';
  }

  #pauseMs(): number {
    const pause = pauseMs(this.#failures);
    if (this.#place === 'waiting') return Math.max(waitMs, pause);
    // Two requests were made: for the log, and for the pod that says it runs.
    return this.#trouble?.status === 400 ? Math.max(2 * waitMs, pause) : pause;
  }
}

/** Hands texts over, and keeps apart what goes wrong where they are taken: that is no trouble of the connection. */
class Hand {
  count = 0;
  fault: { readonly error: unknown } | undefined;
  readonly #take: Following['take'];

  constructor(take: Following['take']) {
    this.#take = take;
  }

  over(texts: readonly string[]): void {
    if (texts.length === 0) return;
    this.count += texts.length;
    try {
      this.#take(texts);
    } catch (error) {
      this.fault = { error };
      throw error;
    }
  }
}

function isOver(place: Place): boolean {
  return place === 'ended' || place === 'previous';
}

import { printable } from '../../domain/printable.ts';
import { orAborted } from '../../ports/or-aborted.ts';
import { within } from '../within.ts';
import type { Pod } from '../../domain/workload.ts';
import { ReportReader } from '../../domain/backup/report-read.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { ContainerRun } from '../../ports/jobs.ts';
import type { LaunchScene } from './scene.ts';

/** What one run of a container has logged, as far as it is needed afterwards. */
export interface LoggedRun {
  /** The last lines. */
  readonly tail: readonly string[];
  readonly matched: boolean;
  /** Takes the report out of its lines; undefined when none is expected. */
  readonly report: ReportReader | undefined;
  /** False when lines may be missing; `trouble` says why. */
  complete: boolean;
  trouble: string;
}

const tailLines = 50;
/** What a pattern is tried on: a longer line is cut. */
const matchedLength = 4_096;

/** How long the log of a Job that has ended is waited for: it may hang on a node that is gone. */
const drainMs = 60_000;

/** Follows the runs of a Job's containers, those of a pod one after the other, writes their lines to the log, and looks for the sign or the report. */
export class LogPump {
  readonly #scene: LaunchScene;
  readonly #pattern: RegExp | undefined;
  readonly #runs = new Map<string, LoggedRun>();
  /** By pod. */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(scene: LaunchScene) {
    const { proof } = scene.task;
    this.#scene = scene;
    this.#pattern = proof.by === 'signs' ? proof.signs?.logMatches : undefined;
    this.#signal = AbortSignal.any([scene.signal, this.#stop.signal]);
  }

  /** Follows what is seen for the first time. */
  feed(pods: readonly Pod[], containers: readonly string[]): void {
    for (const pod of pods) {
      for (const { name, state, last, restarts } of pod.containers) {
        if (!containers.includes(name) || (state.is === 'waiting' && !last)) continue;
        // The one before may have come and gone between two views.
        if (restarts > 0) this.#follow({ pod, container: name, restarts: restarts - 1 });
        this.#follow({ pod, container: name, restarts });
      }
    }
  }

  /** Resolves when everything that was fed has been handed over, or when it does not come. */
  async drained(): Promise<void> {
    const all = Promise.all(this.#queues.values());
    await within(drainMs, this.#scene, (signal) => orAborted(all, signal), undefined);
    this.stop();
  }

  /** Follows nothing any more. */
  stop(): void {
    this.#stop.abort(new Error('nobody reads the log any more'));
  }

  of(pod: Pod, container: string, restarts: number): LoggedRun | undefined {
    return this.#runs.get(keyOf({ pod, container, restarts }));
  }

  #follow(run: ContainerRun): void {
    const key = keyOf(run);
    if (this.#runs.has(key)) return;
    const logged = {
      ...{ tail: [] as string[], matched: false, complete: false, trouble: 'its end did not come in time' },
      report: this.#scene.task.proof.by === 'report' ? new ReportReader() : undefined,
    };
    this.#runs.set(key, logged);
    const before = this.#queues.get(run.pod.uid) ?? Promise.resolve();
    const queue = before.then(() => this.#pump(run, logged));
    // Whoever waits for drained() sees a failure; nobody may be waiting yet.
    queue.catch(() => undefined);
    this.#queues.set(run.pod.uid, queue);
  }

  async #pump(run: ContainerRun, logged: { tail: string[]; matched: boolean } & LoggedRun): Promise<void> {
    const { jobs, log, prefix } = this.#scene;
    const take = (lines: readonly string[]) => {
      const clean = lines.map((line) => printable(line).replaceAll('\n', ' '));
      const shown = logged.report?.take(clean) ?? clean;
      if (shown.length === 0) return;
      log.outside(shown.map((line) => prefix + line).join('\n'));
      logged.matched ||= shown.some((line) => this.#pattern?.test(line.slice(0, matchedLength)) ?? false);
      logged.tail.push(...shown.slice(-tailLines));
      logged.tail.splice(0, logged.tail.length - tailLines);
    };
    try {
      logged.complete = (await jobs.followLog(run, take, this.#signal)) === 'complete';
      logged.trouble = logged.complete ? '' : 'its pod is gone';
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (!(error instanceof RemoteError)) throw error;
      logged.trouble = error.message;
      log.warning(`${prefix}The log of pod ${run.pod.name} could not be read on: ${error.message}`);
    }
  }
}

function keyOf({ pod, container, restarts }: ContainerRun): string {
  return `${pod.uid}/${container}/${restarts}`;
}

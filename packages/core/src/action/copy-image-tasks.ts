/** Tasks that may run side by side, `limit` at most. */
export interface Lane {
  readonly limit: number;
}

type Task = (signal: AbortSignal) => Promise<void>;

interface Queue {
  readonly waiting: Task[];
  running: number;
}

/**
 * Runs tasks in lanes; a task may add more. The first failure, or the signal, stops the rest: what waits is dropped, what runs has its
 * signal aborted.
 */
export class Tasks {
  readonly #queues = new Map<Lane, Queue>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #failure: { readonly error: unknown } | undefined;
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  add(lane: Lane, task: Task): void {
    const queue = this.#queues.get(lane) ?? { waiting: [], running: 0 };
    this.#queues.set(lane, queue);
    queue.waiting.push(task);
    this.#startNext(lane, queue);
  }

  /** When all that was added has ended, also what failed or was stopped. Throws the first failure. */
  async done(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#failure) throw this.#failure.error;
  }

  #startNext(lane: Lane, queue: Queue): void {
    while (!this.#failure && queue.running < lane.limit) {
      const task = queue.waiting.shift();
      if (!task) return;
      queue.running++;
      this.#running++;
      void this.#run(task).then(() => {
        queue.running--;
        this.#running--;
        this.#startNext(lane, queue);
        if (this.#running === 0) for (const wake of this.#idle.splice(0)) wake();
      });
    }
  }

  async #run(task: Task): Promise<void> {
    try {
      this.#signal.throwIfAborted();
      await task(this.#signal);
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort(error);
    }
  }
}

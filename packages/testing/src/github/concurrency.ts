interface Member {
  /** Ends the run when it has begun. */
  readonly cancel: () => void;
  /** Lets a waiting run begin, or tells it that it was displaced. */
  readonly answer: (go: boolean) => void;
}

interface Group {
  running: Member | undefined;
  waiting: Member[];
}

export interface Entry {
  readonly cancelInProgress: boolean;
  readonly keepsAll: boolean;
  readonly cancel: () => void;
}

/** A place in a group: wait for `go`; call `leave` in the end, whatever happened. */
export interface Place {
  /** False when a later run took the place. */
  readonly go: Promise<boolean>;
  leave(): void;
}

/**
 * Concurrency groups across runs (docs.github.com, "Control the concurrency of workflows and jobs"): one runs, one waits; a newer
 * one displaces what waits, and with cancel-in-progress what runs. `queue: max` displaces nothing.
 */
export class ConcurrencyGroups {
  readonly #groups = new Map<string, Group>();

  enter(name: string, { cancelInProgress, keepsAll, cancel }: Entry): Place {
    const group = this.#groups.get(name) ?? { running: undefined, waiting: [] };
    this.#groups.set(name, group);
    let answer!: (go: boolean) => void;
    const go = new Promise<boolean>((resolve) => (answer = resolve));
    const member: Member = { cancel, answer };
    if (!keepsAll) for (const displaced of group.waiting.splice(0)) displaced.answer(false);
    if (cancelInProgress) group.running?.cancel();
    if (group.running) {
      group.waiting.push(member);
    } else {
      group.running = member;
      answer(true);
    }
    return { go, leave: () => this.#leave(name, group, member) };
  }

  #leave(name: string, group: Group, member: Member): void {
    group.waiting = group.waiting.filter((other) => other !== member);
    member.answer(false);
    if (group.running === member) {
      group.running = group.waiting.shift();
      group.running?.answer(true);
    }
    if (!group.running) this.#groups.delete(name);
  }
}

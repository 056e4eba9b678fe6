import type { Clock } from '@delivery/core/ports/clock';

/** What the program needs of the world besides its database and its volume. */
export interface Ports {
  readonly clock: Clock;
  /** Aborted by SIGTERM and SIGINT, with a CancelledError. */
  readonly signal: AbortSignal;
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Set while something is done that must not be left half done: whoever cancels waits for its end. */
  readonly mustEnd?: { now: boolean };
}

import type { SourcePosition } from '../errors/errors.ts';

/**
 * The step's log. Whatever the text holds, none of these methods can issue a workflow command by it: what looks like one
 * is shown as text (github.com/actions/runner, ActionCommandManager: `::stop-commands::`).
 */
export interface Log {
  info(message: string): void;
  debug(message: string): void;
  /** A warning annotation, and a line in the log. */
  warning(message: string, at?: SourcePosition): void;
  /** An error annotation, and a line in the log. It does not fail the step. */
  error(message: string, at?: SourcePosition): void;
  /** Runs `body` with its lines folded under `title`. */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** Prints text from outside (a program's output, a container's log) as it is, in order; ends it with a line feed. */
  outside(text: string): void;
}

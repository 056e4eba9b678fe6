/**
 * What can go wrong, as one family. Adapters translate at the edge: what a client throws may hold headers and bodies,
 * so it is kept as `cause` and never printed. `code` is stable: tests match on it.
 */
export class ActionError extends Error {
  readonly code: string;
  /** What the reader can do about it, a sentence. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** A place in a file; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with what the user wrote: in an input or at a place of a file. */
export interface Problem {
  /** The input or the path of the field, such as `build-number` or `projects.test.namespace`. */
  readonly field: string;
  /** What was found and what was expected instead, a sentence without the field's name. */
  readonly message: string;
  readonly at?: SourcePosition;
}

/** Everything that is wrong with the inputs or delivery.yaml, all at once. */
export class InputError extends ActionError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('input', problems.map(describeProblem).join('\n'), {
      hint: 'Correct the fields named; nothing has been changed.',
    });
    this.problems = problems;
  }
}

export function describeProblem({ field, message, at }: Problem): string {
  const place = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  return `${place}${field}: ${message}`;
}

/** Policy said no: nothing is broken and nothing was changed. */
export class RefusedError extends ActionError {}

/** A remote system refused or failed. `status` is the HTTP status; undefined when none came (connection lost). */
export class RemoteError extends ActionError {
  readonly system: 'registry' | 'cluster' | 'github' | 'web';
  readonly status: number | undefined;
  /** True when the same request may succeed later: the answer of a policy never is, a reset or 503 is. */
  readonly retryable: boolean;
  /**
   * Milliseconds from the answer during which the system does not want to be asked again; undefined when it does not say. Of GitHub
   * see docs.github.com, "Best practices for using the REST API", and "Rate limits for the REST API".
   */
  readonly retryAfterMs: number | undefined;

  constructor(
    system: RemoteError['system'],
    message: string,
    options: {
      status?: number | undefined;
      retryable: boolean;
      retryAfterMs?: number | undefined;
      hint?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(system, message, options);
    this.system = system;
    this.status = options.status;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A program ended with another exit code than 0. `stderrTail` holds its last lines, bounded. */
export class CommandError extends ActionError {
  readonly command: string;
  readonly exitCode: number;
  readonly stderrTail: string;

  constructor(command: string, exitCode: number, stderrTail: string, hint?: string) {
    super('command', `${command} ended with exit code ${exitCode}`, { hint });
    this.command = command;
    this.exitCode = exitCode;
    this.stderrTail = stderrTail;
  }
}

/** Something did not happen in time. `waitedForMs` in milliseconds; `lastSeen` is the last state, a sentence. */
export class TimeoutError extends ActionError {
  readonly waitedForMs: number;
  readonly lastSeen: string;

  constructor(what: string, waitedForMs: number, lastSeen: string, hint?: string) {
    super('timeout', `${what} did not happen within ${Math.round(waitedForMs / 1000)} s; last seen: ${lastSeen}`, {
      hint,
    });
    this.waitedForMs = waitedForMs;
    this.lastSeen = lastSeen;
  }
}

/** The workflow was cancelled; the run stopped at a safe point. */
export class CancelledError extends ActionError {
  constructor(during: string) {
    super('cancelled', `cancelled during ${during}`, { hint: 'Run it again: it goes on from what is there.' });
  }
}

/** Whether the other side has said that it did not do it. An answer that is lost, or that of a proxy, or 5xx does not tell. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RemoteError && error.status !== undefined && error.status < 500;
}

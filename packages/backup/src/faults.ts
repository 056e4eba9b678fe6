import { ActionError, CancelledError, InputError } from '@delivery/core/errors/errors';

/** Something that this program knows the cause of; `code` is the cause. */
export class Fault extends ActionError {
  constructor(cause: string, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(cause, message, options);
  }
}

/** What is said of a failure: one sentence, and what to do next. */
export interface Failure {
  readonly cause: string;
  readonly sentence: string;
  readonly next: string;
}

/** The system's errors that have a cause of their own. */
const systemCauses: Readonly<Record<string, string>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EROFS: 'config',
  EACCES: 'config',
  EPERM: 'config',
};

const codesOfOthers: Readonly<Record<string, string>> = { input: 'config', database: 'dump-failed', command: 'config' };

/** Cause, sentence and next step of whatever was thrown. What is not foreseen is `internal`. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CancelledError) {
    return { cause: 'cancelled', sentence: 'the run was cancelled', next: 'Start it again.' };
  }
  const system = systemCauses[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  const cause = error instanceof ActionError ? (codesOfOthers[error.code] ?? error.code) : (system ?? 'internal');
  const next = error instanceof ActionError ? (error.hint ?? '') : (nextSteps[cause] ?? '');
  return { cause, sentence: messageOf(error), next };
}

/** What to do about a full volume. */
export const makeRoom =
  'Make the volume larger, or remove backups by hand: none is removed before the new one is verified.';

const nextSteps: Readonly<Record<string, string>> = {
  'disk-full': makeRoom,
  config: 'Let the account of this program write to the backup volume.',
  internal: 'Tell the developers of this suite, with the log.',
};

/** One line, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof InputError) return error.message.replaceAll('\n', '; ');
  return error instanceof Error ? error.message : String(error);
}

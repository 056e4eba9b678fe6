import type { CommitStatus } from '@delivery/core/ports/github';
import type { CallState } from './inputs.ts';

export type Mark = Pick<CommitStatus, 'state' | 'description'>;

/** GitHub has four states of a commit; the words tell what they do not. */
const marks: Readonly<Record<CallState, Mark>> = {
  pending: { state: 'pending', description: 'Taken; it is being worked on' },
  success: { state: 'success', description: 'Done' },
  unstable: { state: 'success', description: 'Unstable: see the run' },
  skipped: { state: 'success', description: 'Skipped: there was nothing to do' },
  failure: { state: 'failure', description: 'Failed: see the run' },
  cancelled: { state: 'error', description: 'Cancelled' },
};

const prefixes: Readonly<Partial<Record<CallState, string>>> = {
  unstable: 'Unstable: ',
  skipped: 'Skipped: ',
  cancelled: 'Cancelled: ',
};

/** What the caller is told: `description`, or what the state says by itself. */
export function markOf(state: CallState, description: string): Mark {
  const mark = marks[state];
  return description === '' ? mark : { ...mark, description: `${prefixes[state] ?? ''}${description}` };
}

import type { Outcome, SummaryBlock } from '@delivery/core/action/outcome';
import type { DataDecision, DataDirectory } from '@delivery/core/domain/data-directory';
import { whatIsMissing } from '@delivery/core/domain/data-directory';
import type { RequestId } from '@delivery/core/domain/request-id';
import type { ActionError } from '@delivery/core/errors/errors';
import type { Output } from './inputs.ts';

/** More rows than these are not read. */
const shownRows = 20;

export function tell(
  decision: DataDecision,
  found: readonly DataDirectory[],
  requestId: RequestId | undefined,
): Outcome<Output> {
  const { result, next } = meanings[decision.is];
  return {
    result,
    reason: decision.because,
    ...(next !== undefined && { next }),
    outputs: {
      result,
      'data-origin': decision.name ?? '',
      new: decision.is === 'new',
      'request-id': requestId ?? '',
    },
    summary: table(decision, found, requestId),
  };
}

/** What went wrong, told as an outcome, so that there are outputs. */
export function broken({ message, hint }: ActionError, requestId: RequestId): Outcome<Output> {
  const outputs = { result: 'failure', 'data-origin': '', new: false, 'request-id': requestId };
  return { result: 'failure', reason: message, ...(hint !== undefined && { next: hint }), outputs, summary: [] };
}

const meanings = {
  new: { result: 'success', next: undefined },
  nothing: { result: 'skipped', next: 'Nothing is to be built. To build for it once more, set force.' },
  refused: {
    result: 'failure',
    next: 'Put the directory right: all data and TARGET_LIST first, READY at last. Then call again.',
  },
} as const;

function table(
  { is, name: chosen }: DataDecision,
  found: readonly DataDirectory[],
  requestId: RequestId | undefined,
): SummaryBlock[] {
  const newest = found.toSorted((a, b) => (a.name < b.name ? 1 : -1));
  const rows = newest.slice(0, shownRows).map((directory) => {
    const { name } = directory;
    const state = whatIsMissing(directory) ?? 'is complete';
    return [{ code: name }, state, name === chosen && is === 'new' ? 'this one' : ''];
  });
  const left = found.length - rows.length;
  return [
    ...(requestId === undefined ? [] : [{ kind: 'text', text: `Request id: ${requestId}` } as const]),
    { kind: 'table', head: ['Directory', 'What is seen of it', ''], rows },
    ...(left > 0 ? [{ kind: 'text', text: `${left} older ones are not shown.` } as const] : []),
  ];
}

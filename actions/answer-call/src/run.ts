import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome, ResultState } from '@delivery/core/action/outcome';
import { oneLine } from '@delivery/core/action/printable';
import { runUrl } from '@delivery/core/action/run-context';
import type { GitHub } from '@delivery/core/ports/github';
import type { Inputs, Output } from './inputs.ts';
import type { Mark } from './plan.ts';
import { markOf } from './plan.ts';

/** GitHub keeps 140 characters. */
const longest = 139;

/**
 * Tells whoever made the call how it stands: a commit status that carries the id of the call and leads to this run. It connects to
 * GitHub only when there is a call: without one there may be no token either.
 */
export async function run(inputs: Inputs, connect: () => GitHub, context: ActionContext): Promise<Outcome<Output>> {
  const id = inputs['request-id'];
  if (id === undefined) return skipped();
  const { state, description } = markOf(inputs.state, oneLine(inputs.description, longest));
  const mark = { state, description: oneLine(description, longest) };
  const { sha } = context.run;
  const told = (sentence: string) => outcome('success', sentence, id, mark, runUrl(context.run));
  if (inputs['dry-run']) return told(`Dry run: call ${id} would be answered with ${state}.`);
  const status = { sha, context: `data-uploaded/${id}`, ...mark, targetUrl: runUrl(context.run) };
  await connect().createStatus(status, context.signal);
  return told(`Call ${id} is answered with ${state}: ${mark.description}`);
}

function skipped(): Outcome<Output> {
  return {
    result: 'skipped',
    reason: 'There is no call to answer: request-id is empty.',
    outputs: { result: 'skipped' },
    summary: [],
  };
}

function outcome(
  result: ResultState,
  reason: string,
  id: string,
  { state, description }: Mark,
  page: string,
): Outcome<Output> {
  const row = [{ code: id }, state, description, { link: 'run', href: page }];
  const head = ['Request id', 'State', 'Description', 'Run'];
  return { result, reason, outputs: { result }, summary: [{ kind: 'table', head, rows: [row] }] };
}

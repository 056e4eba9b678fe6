import { ask } from '@delivery/core/action/ask';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome, ResultState } from '@delivery/core/action/outcome';
import { oneLine } from '@delivery/core/domain/printable';
import { runUrl } from '@delivery/core/action/run-context';
import { RemoteError } from '@delivery/core/errors/errors';
import type { CommitStatus, GitHub } from '@delivery/core/ports/github';
import type { Inputs, Output } from './inputs.ts';
import type { Mark } from './plan.ts';
import { markOf } from './plan.ts';

/** Long enough for the minute that GitHub asks to wait for when it is asked too much. */
const answerWithinMs = 75_000;

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
  const page = runUrl(context.run);
  const told = (sentence: string) => outcome('success', sentence, id, mark, page);
  if (inputs['dry-run']) return told(`Dry run: call ${id} would be answered with ${state}.`);
  const status = { sha, context: `${inputs['event-type']}/${id}`, ...mark, targetUrl: page };
  try {
    await set(status, connect(), context);
  } catch (error) {
    // That the work has begun is good to know, but no reason to stop it.
    if (inputs.state !== 'pending' || !(error instanceof RemoteError)) throw error;
    const next = [error.hint ?? '', 'The work goes on, and its end is answered by itself.'].join(' ').trimStart();
    const reason = `Call ${id} could not be answered with ${state}: ${error.message}`;
    return { ...outcome('unstable', reason, id, mark, page), next };
  }
  return told(`Call ${id} is answered with ${state}: ${mark.description}`);
}

async function set(status: CommitStatus, gitHub: GitHub, context: ActionContext): Promise<void> {
  const deadline = new Date(context.clock.now().getTime() + answerWithinMs);
  const answered = await ask(
    async (signal) => {
      await gitHub.createStatus(status, signal);
      return true;
    },
    deadline,
    context,
  );
  if (answered) return;
  const message = `cannot set the status ${status.context}: GitHub's API did not answer in time`;
  throw new RemoteError('github', message, { retryable: true });
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

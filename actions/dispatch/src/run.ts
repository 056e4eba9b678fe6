import { ask } from '@delivery/core/action/ask';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { RemoteError } from '@delivery/core/errors/errors';
import type { StartedRun, WorkflowRun, WorkflowRuns } from '@delivery/core/ports/workflow-runs';
import type { Inputs, Output } from './inputs.ts';
import type { Call } from './plan.ts';
import { planCall, resultOf } from './plan.ts';
import { tell } from './report.ts';
import { start } from './start.ts';

/** GitHub may not know a run right after it was started. */
const firstLookAfterMs = 2_000;
const knownWithinMs = 30_000;

/** Starts a run in another repository, finds it, and takes over how it ends. */
export async function run(inputs: Inputs, runs: WorkflowRuns, context: ActionContext): Promise<Outcome<Output>> {
  const call = planCall(inputs, context.run);
  const { title } = call;
  if (inputs['dry-run'])
    return tell(call, { result: 'success', reason: `Dry run: ${title} would be sent. Nothing was.` });
  const begun = context.clock.now();
  const { run: started, because } = await start(call, inputs.wait, inputs.timeout, runs, context);
  if (!inputs.wait) {
    const where = started ? ` as run ${started.id}` : '';
    return tell(call, { result: 'success', reason: `${title} was sent${where}; its end is not waited for.` }, started);
  }
  if (!started) {
    const next = 'Look at the runs of the repository: it may run, but its end is not known here.';
    return tell(call, { result: 'failure', reason: `${title} was sent, but its run was not found. ${because}`, next });
  }
  context.log.info(`${title}: run ${started.id}, ${started.url}`);
  return follow(call, started, runs, new Date(begun.getTime() + inputs.timeout), context);
}

async function follow(
  call: Call,
  started: StartedRun,
  runs: WorkflowRuns,
  deadline: Date,
  context: ActionContext,
): Promise<Outcome<Output>> {
  const { clock, signal: stop } = context;
  const begun = clock.now().getTime();
  const isNew = () => clock.now().getTime() < begun + knownWithinMs;
  let last = '';
  const look = async (signal: AbortSignal): Promise<WorkflowRun | undefined> => {
    const seen = await runs.read(started.id, signal).catch((error: unknown) => {
      if (error instanceof RemoteError && error.status === 404 && isNew()) return undefined;
      throw error;
    });
    if (!seen) return undefined;
    if (seen.status !== last) context.log.info(`Run ${started.id} is ${seen.status}.`);
    last = seen.status;
    return seen.status === 'completed' ? seen : undefined;
  };
  try {
    await clock.sleep(Math.max(0, Math.min(firstLookAfterMs, deadline.getTime() - begun)), stop);
    const ended = await ask(look, deadline, context);
    return ended ? concluded(call, ended) : late(call, started, last);
  } catch (error) {
    // The run is known, and that is told whatever GitHub answers.
    if (error instanceof RemoteError) return late(call, started, last, error);
    if (!stop.aborted) throw error;
    const reason = `The wait was stopped; run ${started.id} of ${call.title} goes on there.`;
    return tell(call, { result: 'failure', reason, next: 'Cancel it on its page if it is not wanted.' }, started);
  }
}

function concluded(call: Call, run: WorkflowRun): Outcome<Output> {
  const result = resultOf(run.conclusion);
  const conclusion = run.conclusion ?? 'without a conclusion';
  const reason = `Run ${run.id} of ${call.title} ended: ${conclusion}.`;
  if (result === 'success') return tell(call, { result, reason }, run);
  const next = result === 'unstable' ? `See why it did not run: ${run.url}` : `See what went wrong: ${run.url}`;
  return tell(call, { result, reason, next }, run);
}

function late(call: Call, started: StartedRun, last: string, error?: RemoteError): Outcome<Output> {
  const seen = last === '' ? 'it was never seen' : `it was ${last}`;
  const what = error ? `could not be followed to its end; ${seen}; ${error.message}` : `did not end in time; ${seen}`;
  const next = [...(error?.hint ? [error.hint] : []), `It may go on there: ${started.url}`].join(' ');
  return tell(call, { result: 'failure', reason: `Run ${started.id} of ${call.title} ${what}.`, next }, started);
}

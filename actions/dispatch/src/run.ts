import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { RemoteError } from '@delivery/core/errors/errors';
import type { StartedRun, WorkflowRun, WorkflowRuns } from '@delivery/core/ports/workflow-runs';
import { ask } from './ask.ts';
import type { Inputs, Output } from './inputs.ts';
import type { Call } from './plan.ts';
import { planCall, resultOf } from './plan.ts';
import { tell } from './report.ts';
import { start } from './start.ts';

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
  let last = '';
  const look = async (signal: AbortSignal): Promise<WorkflowRun | undefined> => {
    const seen = await runs.read(started.id, signal);
    if (seen.status !== last) context.log.info(`Run ${started.id} is ${seen.status}.`);
    last = seen.status;
    return seen.status === 'completed' ? seen : undefined;
  };
  try {
    const ended = await ask(look, deadline, context);
    return ended ? concluded(call, ended) : late(call, started, last);
  } catch (error) {
    // Away at the last moment: the run is known, and that is told.
    if (error instanceof RemoteError && error.retryable) return late(call, started, last, `; ${error.message}`);
    if (!context.signal.aborted) throw error;
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

function late(call: Call, started: StartedRun, last: string, why = ''): Outcome<Output> {
  const seen = last === '' ? 'it was never seen' : `it was ${last}`;
  const reason = `Run ${started.id} of ${call.title} did not end in time; ${seen}${why}.`;
  return tell(call, { result: 'failure', reason, next: `It goes on there: ${started.url}` }, started);
}

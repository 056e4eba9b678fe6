import type { ActionContext } from '@delivery/core/action/context';
import { ask } from '@delivery/core/action/ask';
import { isRefusal, RemoteError } from '@delivery/core/errors/errors';
import type { StartedRun, WorkflowRuns } from '@delivery/core/ports/workflow-runs';
import type { Call } from './plan.ts';

/** A run that was sent for is listed within seconds, even when it has to wait for others. */
const listedWithinMs = 2 * 60_000;

export interface Started {
  /** Undefined when it is not known. */
  readonly run: StartedRun | undefined;
  /** Why it is not, a sentence. */
  readonly because: string;
}

/**
 * Sends the call and gives its run: the one that the server tells, or with `find` the one that carries the call's id and was not
 * there before. An answer that was lost is no reason to send again: the run is looked for then.
 */
export async function start(
  call: Call,
  find: boolean,
  withinMs: number,
  runs: WorkflowRuns,
  context: ActionContext,
): Promise<Started> {
  const { id, event } = call;
  const list = (signal: AbortSignal) => (id === undefined ? Promise.resolve([]) : runs.find(event, id, signal));
  const deadline = () => new Date(context.clock.now().getTime() + Math.min(withinMs, listedWithinMs));
  const before = find && id !== undefined ? ((await ask(list, deadline(), context)) ?? []) : [];
  const sent = await send(call, runs, context.signal);
  if ('run' in sent && sent.run) return { run: sent.run, because: '' };
  const known = new Set(before.map((run) => run.id));
  const look = async (signal: AbortSignal) => {
    const news = (await list(signal)).filter((run) => !known.has(run.id));
    if (news.length > 1) context.log.warning(`${news.length} runs carry the id ${id}: the first of them is followed.`);
    return news.at(-1);
  };
  const found = find && id !== undefined ? await askOrSayWhy(look, deadline(), context) : {};
  if (!found.run && 'lost' in sent) throw sent.lost;
  return { run: found.run, because: found.because ?? whyUnknown(call, find) };
}

/** It was sent by now: whatever GitHub answers, the step does not end without saying so. */
async function askOrSayWhy(
  look: (signal: AbortSignal) => Promise<StartedRun | undefined>,
  deadline: Date,
  context: ActionContext,
): Promise<{ readonly run?: StartedRun | undefined; readonly because?: string }> {
  try {
    return { run: await ask(look, deadline, context) };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return { because: [`${error.message}.`, error.hint ?? ''].join(' ').trimEnd() };
  }
}

type Sent = { readonly run: StartedRun | undefined } | { readonly lost: RemoteError };

async function send(call: Call, runs: WorkflowRuns, signal: AbortSignal): Promise<Sent> {
  try {
    if (call.event === 'workflow_dispatch')
      return { run: await runs.startWorkflow(call.workflow, call.ref, call.inputs, signal) };
    await runs.sendEvent(call.type, call.payload, signal);
    return { run: undefined };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const { message, status, retryable, cause } = error;
    if (status === 404 && call.event === 'workflow_dispatch') {
      const hint = `There is no ${call.workflow} there, or the token does not see the repository or lacks "actions: write".`;
      throw new RemoteError('github', message, { status, retryable, hint, cause });
    }
    if (!retryable) throw error;
    if (isRefusal(error)) throw error;
    const hint =
      'It is not known whether GitHub took the call: look at the runs of the repository before sending it again.';
    return { lost: new RemoteError('github', message, { status, retryable: false, hint, cause }) };
  }
}

function whyUnknown({ id, event }: Call, find: boolean): string {
  if (!find) return 'GitHub does not tell which run it is.';
  if (id === undefined)
    return 'This server does not tell which run it is: let the workflow take an input request-id, show it in its run-name, and give it in payload.';
  const listens = event === 'repository_dispatch' ? ', or no workflow of its default branch waits for the event' : '';
  return `No run there carries the id ${id} in its title: its workflow shows it by run-name (docs/dispatch.md)${listens}.`;
}

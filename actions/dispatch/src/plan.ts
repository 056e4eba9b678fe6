import type { RunContext } from '@delivery/core/action/run-context';
import type { RequestId } from '@delivery/core/domain/request-id';
import { requestIdOfRun } from '@delivery/core/domain/request-id';
import type { ResultState } from '@delivery/core/action/outcome';
import type { Inputs } from './inputs.ts';
import { requestIdKey } from './payload.ts';

/** What is sent. `id` is how the run is found when the server does not tell it; undefined: then it cannot be. */
export type Call = { readonly title: string; readonly id: RequestId | undefined } & (
  | {
      readonly event: 'repository_dispatch';
      readonly type: string;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | {
      readonly event: 'workflow_dispatch';
      readonly workflow: string;
      readonly ref: string;
      readonly inputs: Readonly<Record<string, string>>;
    }
);

/** An event always carries an id: the payload's own, else one of this run. A workflow takes only the inputs it knows. */
export function planCall(given: Inputs, run: RunContext): Call {
  const payload = Object.fromEntries(given.payload);
  const own = payload[requestIdKey] as RequestId | undefined;
  const { workflow, ref, 'event-type': type = '', repository } = given;
  if (workflow !== undefined) {
    const title = `${workflow} of ${repository} on ${ref}`;
    return { event: 'workflow_dispatch', title, id: own, workflow, ref, inputs: payload as Record<string, string> };
  }
  const id = own ?? requestIdOfRun(run.repository, run.runId, run.runAttempt);
  const title = `${type} of ${repository}`;
  return { event: 'repository_dispatch', title, id, type, payload: { ...payload, [requestIdKey]: id } };
}

/**
 * What the end of the run there means here. It was skipped, or calls itself neutral: nothing is broken, but what was asked for was
 * not done either. Words of GitHub's that are not known are no success.
 */
export function resultOf(conclusion: string | undefined): ResultState {
  if (conclusion === 'success') return 'success';
  return conclusion === 'neutral' || conclusion === 'skipped' ? 'unstable' : 'failure';
}

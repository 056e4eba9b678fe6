import type { Cell, Outcome } from '@delivery/core/action/outcome';
import type { StartedRun, WorkflowRun } from '@delivery/core/ports/workflow-runs';
import type { Output } from './inputs.ts';
import type { Call } from './plan.ts';

/** What is told of a call, whatever its end. */
export function tell(
  { title, id }: Call,
  { result, reason, next }: Pick<Outcome<Output>, 'result' | 'reason' | 'next'>,
  run?: StartedRun | WorkflowRun,
): Outcome<Output> {
  const conclusion = run && 'conclusion' in run ? (run.conclusion ?? '') : '';
  const page: Cell = run ? { link: `run ${run.id}`, href: run.url } : 'not known';
  return {
    result,
    reason,
    ...(next !== undefined && { next }),
    outputs: { result, 'run-id': run?.id ?? '', 'run-url': run?.url ?? '', conclusion },
    summary: [
      {
        kind: 'table',
        head: ['Sent', 'Request id', 'Run', 'Conclusion'],
        rows: [[title, { code: id ?? '' }, page, conclusion]],
      },
    ],
  };
}

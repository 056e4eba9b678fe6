import { oneLine } from '@delivery/core/domain/printable';
import type { Job, JobsView } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import type { ContainerStatus, Pod } from '@delivery/core/domain/workload';
import { ActionError } from '@delivery/core/errors/errors';
import type { ContainerRun } from '@delivery/core/ports/jobs';

/** What was seen last, for when the time is over. */
export interface Seen {
  last: string;
}

export interface Ended {
  readonly run: ContainerRun;
  readonly exitCode: number;
}

/** How the Job's container has ended; undefined while it has not. Throws ActionError when its pod is lost. */
export function endOf(job: Job, container: string, view: JobsView, seen: Seen): Ended | undefined {
  const pod = view.pods.findLast(({ ownerUid }) => ownerUid === job.uid);
  if (!pod) return undefined;
  const status = pod.containers.find(({ name }) => name === container);
  seen.last = describePod(pod, status);
  if (status?.state.is === 'terminated') {
    const { exitCode } = status.state;
    return { run: { pod, container, restarts: status.restarts }, exitCode };
  }
  if (pod.phase === 'Failed') throw new ActionError('data-look', `${describeJob(job)} failed: ${seen.last}`);
  return undefined;
}

function describePod({ name, phase, reason }: Pod, status: ContainerStatus | undefined): string {
  const state = status?.state;
  const waiting = state?.is === 'waiting' && state.reason !== '' ? ` (${state.reason}: ${state.message})` : '';
  return oneLine(`Pod ${name} is ${phase}${reason === '' ? '' : `, ${reason}`}${waiting}`, 300);
}

import type { ContainerStatus, Pod } from '../../domain/workload.ts';
import type { ContainerRun } from '../../ports/jobs.ts';

/**
 * Where the log of one run of a container is to be had: `running` and `ended` as the container's log, `previous` as that of
 * the run before its last restart. The kubelet knows no others.
 */
export type Place = 'waiting' | 'running' | 'ended' | 'previous' | 'gone';

export function placeOf(pod: Pod | undefined, { pod: meant, container, restarts }: ContainerRun): Place {
  if (pod?.uid !== meant.uid) return 'gone';
  const isOver = pod.phase === 'Succeeded' || pod.phase === 'Failed';
  const status = pod.containers.find(({ name }) => name === container);
  const stage = status ? stageOf(status) : 'waiting';
  // A container that has not started when its pod is over never will.
  if ((status?.restarts ?? 0) === restarts) return stage === 'waiting' && isOver ? 'gone' : stage;
  // Once the next run has ended too and is to be started again, it is the previous one.
  const isNext = status?.restarts === restarts + 1 && status.last !== undefined;
  return isNext && !(stage === 'ended' && status.state.is === 'waiting') ? 'previous' : 'gone';
}

/** Reasons of a container that has been made and not started yet (kubelet, convertToAPIContainerStatuses). */
const beginnings = new Set(['', 'ContainerCreating', 'PodInitializing']);

/** Between two runs the container waits, but the count is still that of the run that has ended, which is the last one already. */
function stageOf({ state, last }: ContainerStatus): 'waiting' | 'running' | 'ended' {
  if (state.is === 'running') return 'running';
  if (state.is === 'terminated') return 'ended';
  return last !== undefined && !beginnings.has(state.reason) ? 'ended' : 'waiting';
}

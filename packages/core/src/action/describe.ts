import type { ClusterEvent, ContainerState, ContainerStatus, Pod } from '../domain/workload.ts';

/** A pod, its conditions that do not hold and its containers: a line each, as evidence. */
export function describePod(pod: Pod): string[] {
  const conditions = pod.conditions.filter(({ status, message }) => status === 'False' && message !== '');
  return [
    `${pod.name}: ${[pod.phase, pod.reason].filter((part) => part !== '').join(', ')}`,
    ...conditions.map(({ type, reason, message }) => `  ${type} is False (${reason}): ${message}`),
    ...pod.containers.map(describeContainer),
  ];
}

function describeContainer({ name, init, state, last, restarts, ready }: ContainerStatus): string {
  const before = last ? `; before: ${describeState(last)}` : '';
  return `  ${init ? 'init ' : ''}${name}: ${describeState(state)}, ${ready ? 'ready' : 'not ready'}, ${restarts} restarts${before}`;
}

function describeState(state: ContainerState): string {
  switch (state.is) {
    case 'waiting':
      return `waiting (${state.reason})${state.message === '' ? '' : `: ${state.message}`}`;
    case 'running':
      return `running since ${state.startedAt.toISOString()}`;
    case 'terminated':
      return `ended with exit code ${state.exitCode} (${state.reason})${state.message === '' ? '' : `: ${state.message}`}`;
  }
}

export function describeEvent({ lastSeen, type, reason, object, message, count }: ClusterEvent): string {
  const times = count > 1 ? ` (${count} times)` : '';
  return `${lastSeen.toISOString()} ${type} ${reason} ${object.kind}/${object.name}: ${message}${times}`;
}

import { bare } from '../../domain/rollout/container-signs.ts';
import type { Job } from '../../domain/job.ts';
import type { ContainerState, Pod } from '../../domain/workload.ts';
import type { Cause } from './verdict.ts';

export interface Diagnosis {
  readonly cause: Cause;
  /** What went wrong, a sentence without its full stop. */
  readonly sentence: string;
}

type End = Extract<ContainerState, { is: 'terminated' }>;

/** The run of a container that decides: that of the last pod that has one. */
export interface LastRun {
  readonly pod: Pod;
  readonly container: string;
  readonly restarts: number;
  readonly end: End;
}

/** Of containers that run the image, in the last pod where one has ended; one that failed before one that did not. */
export function lastRun(pods: readonly Pod[], containers: readonly string[]): LastRun | undefined {
  for (const pod of pods.toReversed()) {
    const runs = pod.containers
      .filter(({ name }) => containers.includes(name))
      .flatMap(({ name, state, last, restarts }): LastRun[] => {
        const end = state.is === 'terminated' ? state : last;
        return end ? [{ pod, container: name, restarts, end }] : [];
      });
    const failed = runs.find(({ end }) => end.exitCode !== 0);
    // Init containers come first: of two that ended in the same second, the later one in the list ended later.
    const last = runs.toSorted((a, b) => a.end.finishedAt.getTime() - b.end.finishedAt.getTime()).at(-1);
    if (failed ?? last) return failed ?? last;
  }
  return undefined;
}

/** Why a Job has failed: its own limits first, then the node's, then the program's. */
export function diagnoseFailure(job: Job, pods: readonly Pod[], containers: readonly string[]): Diagnosis {
  const failed = job.conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed?.reason === 'DeadlineExceeded')
    return { cause: 'deadline', sentence: 'it ran longer than its own activeDeadlineSeconds and was ended' };
  const evicted = pods.toReversed().find(isEvicted);
  const all = [...new Set(pods.flatMap((pod) => pod.containers.map(({ name }) => name)))];
  const run = lastRun(pods, containers) ?? lastRun(pods, all);
  if (evicted && (!run || run.pod === evicted)) {
    const why = evicted.conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
    const said = bare(why?.message ?? '');
    return { cause: 'evicted', sentence: `pod ${evicted.name} was evicted from its node${said && `: ${said}`}` };
  }
  if (!run) {
    // A node may refuse a pod that the scheduler gave it.
    const refused = pods.findLast(({ reason }) => reason !== '');
    const why = refused ? `; pod ${refused.name}: ${refused.reason}` : '';
    return { cause: 'cannot-start', sentence: `${bare(failed?.message ?? 'it failed without a pod')}${why}` };
  }
  return diagnoseRun(run);
}

function diagnoseRun({ pod, container, end }: LastRun): Diagnosis {
  const where = `container ${container} of pod ${pod.name}`;
  const said = end.message === '' ? '' : `; it said: ${bare(end.message)}`;
  if (end.reason === 'OOMKilled')
    return { cause: 'out-of-memory', sentence: `${where} was killed because it used more memory than its limit` };
  if (end.reason === 'StartError' || end.reason === 'ContainerCannotRun')
    return { cause: 'cannot-start', sentence: `${where} could not be started: ${bare(end.message)}` };
  if (end.exitCode === 137 || end.exitCode === 143)
    return { cause: 'killed', sentence: `${where} was killed (exit code ${end.exitCode})${said}` };
  return { cause: 'exit-code', sentence: `${where} ended with exit code ${end.exitCode}${said}` };
}

/** By the kubelet (reason), or by the API, a taint, a higher priority (condition; Kubernetes, "Disruptions"). */
function isEvicted({ reason, conditions }: Pod): boolean {
  return (
    reason === 'Evicted' || conditions.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True')
  );
}

import type { Job } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import type { Sign } from '../../domain/rollout/cause.ts';
import { podSigns } from '../../domain/rollout/pod-signs.ts';
import type { Standing as SignStanding } from '../../domain/rollout/weigh.ts';
import { weigh } from '../../domain/rollout/weigh.ts';
import { creationFailure, creationSign } from '../../domain/rollout/workload-signs.ts';
import type { ClusterEvent, ContainerStatus, Pod } from '../../domain/workload.ts';
import { hasEnded } from './standing.ts';

/** Whether one of the containers that run the image has begun, in any pod. */
export function hasStarted(pods: readonly Pod[], containers: readonly string[]): boolean {
  return pods.some((pod) => pod.containers.some((status) => containers.includes(status.name) && hasBegun(status)));
}

function hasBegun({ state, last }: ContainerStatus): boolean {
  return (
    state.is === 'running' || [state, last].some((end) => end?.is === 'terminated' && !failedStarts.has(end.reason))
  );
}

/** A container that ended before its program ran. */
const failedStarts = new Set(['StartError', 'ContainerCannotRun']);

/** A Job that has been made, its pods, the containers that run the image, and the events of the namespace. */
export interface Beginning {
  readonly job: Pick<Job, 'uid' | 'namespace' | 'name'>;
  readonly pods: readonly Pod[];
  readonly events: readonly ClusterEvent[];
  readonly containers: readonly string[];
}

/** What keeps a Job from starting, once it has done so for its grace. */
export function judgeStart(
  { job, pods, events, containers }: Beginning,
  standing: SignStanding,
  now: Date,
): { readonly hopeless: Sign | undefined; readonly standing: SignStanding } {
  const signs = startSigns({ job, pods, events, containers });
  const timers = signs.map((sign) => ({ key: sign.key, graceMs: sign.graceMs, then: 'give-up' as const, sign }));
  const weighed = weigh(timers, standing, now.getTime());
  return {
    hopeless: signs.find(({ key }) => weighed.due.some((timer) => timer.key === key)),
    standing: weighed.standing,
  };
}

/** Everything that speaks against the start, whether for long or not. */
export function startSigns({ job, pods, events, containers }: Beginning): readonly Sign[] {
  const waiting = pods.filter((pod) => !hasEnded(pod) && !hasStarted([pod], containers));
  const ofPods = waiting.flatMap((pod) => podSigns(pod, events, false)).filter((sign) => !mayPass(sign));
  const failure =
    pods.length === 0 ? creationFailure(events.filter(({ object }) => object.uid === job.uid)) : undefined;
  return failure === undefined ? ofPods : [...ofPods, creationSign(job.uid, describeJob(job), failure)];
}

/**
 * A node that is full, cordoned or starting now takes it later; a selector that no node has never fits. Containers beside the
 * loader that end are tried again for as long as the Job itself allows.
 */
function mayPass({ cause, sentence }: Sign): boolean {
  if (cause === 'unschedulable') return !fitsNoNode(sentence);
  return cause === 'init-failed' || cause === 'crash-loop' || cause === 'out-of-memory';
}

/** Of kube-scheduler's words the first sentence, which counts the nodes by reason: plugin NodeAffinity has to be all of it. */
function fitsNoNode(sentence: string): boolean {
  const reasons = /nodes are available: (.*?)(?:\. |$)/.exec(sentence)?.[1]?.split(', ') ?? [];
  return reasons.length > 0 && reasons.every((reason) => reason.includes("didn't match Pod's node affinity/selector"));
}

import type { Job } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import type { Sign } from '@delivery/core/domain/rollout/cause';
import { podSigns } from '@delivery/core/domain/rollout/pod-signs';
import type { Standing as SignStanding } from '@delivery/core/domain/rollout/weigh';
import { weigh } from '@delivery/core/domain/rollout/weigh';
import { creationFailure, creationSign } from '@delivery/core/domain/rollout/workload-signs';
import type { ClusterEvent, ContainerStatus, Pod } from '@delivery/core/domain/workload';
import { hasEnded } from './standing.ts';

/** Whether one of the containers that run the image has begun, in any pod. */
export function hasStarted(pods: readonly Pod[], containers: readonly string[]): boolean {
  return pods.some((pod) => pod.containers.some((status) => containers.includes(status.name) && hasBegun(status)));
}

function hasBegun({ state, last, restarts }: ContainerStatus): boolean {
  return state.is !== 'waiting' || last !== undefined || restarts > 0;
}

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
  const ofPods = waiting.flatMap((pod) => podSigns(pod, events, false)).filter((sign) => !waitsForRoom(sign));
  const failure =
    pods.length === 0 ? creationFailure(events.filter(({ object }) => object.uid === job.uid)) : undefined;
  return failure === undefined ? ofPods : [...ofPods, creationSign(job.uid, describeJob(job), failure)];
}

/** A node that is full now has room when something on it ends: a load waits for that. A selector that no node has never fits. */
function waitsForRoom({ cause, sentence }: Sign): boolean {
  return cause === 'unschedulable' && /Insufficient|Too many pods/.test(sentence);
}

import type { NamespaceView, Pod, Workload } from '../workload.ts';
import type { Sign } from './cause.ts';
import { grace } from './cause.ts';
import { blockingPods, podsOf } from './newest.ts';

/** Since when each thing has been standing, by key: what one judgement hands to the next. Milliseconds since 1970. */
export type Standing = ReadonlyMap<string, number>;

/** A pod to delete, since the rollout does not go on by itself, or would not show in time whether it does. */
export interface Removal {
  readonly pod: Pod;
  /** `blocking`: see blockingPods; `renew`: see Sign.renew. */
  readonly why: 'blocking' | 'renew';
}

const renewed = '//renewed';

/** What follows once something has been standing for its grace. */
export type Timer = { readonly key: string; readonly graceMs: number } & (
  | { readonly then: 'give-up'; readonly sign: Sign }
  /** `mark` is remembered for the rest of the rollout. */
  | { readonly then: 'remove'; readonly removal: Removal; readonly mark?: readonly [key: string, value: number] }
);

export function timersOf(
  workload: Workload,
  signs: readonly Sign[],
  view: NamespaceView,
  standing: Standing,
): readonly Timer[] {
  const blocking = blockingPods(workload, view).map((pod): Timer => {
    const key = `${pod.uid}//blocking`;
    return { key, graceMs: grace.late, then: 'remove', removal: { pod, why: 'blocking' } };
  });
  return [...signs.map((sign) => timerOf(sign, workload, view, standing)), ...blocking];
}

/** The first pod that misses its configuration is replaced; one made after it decides. Only pods tell times of pods: clocks differ. */
function timerOf(sign: Sign, workload: Workload, view: NamespaceView, standing: Standing): Timer {
  const giveUp = (graceMs: number): Timer => ({ key: sign.key, graceMs, then: 'give-up', sign });
  const pod = sign.renew ? podsOf(workload, view).find(({ name }) => name === sign.pod) : undefined;
  if (!pod) return giveUp(sign.graceMs);
  const key = `${workload.uid}${renewed}`;
  const predecessor = standing.get(key);
  const createdAt = pod.createdAt.getTime();
  if (predecessor !== undefined) return giveUp(createdAt > predecessor ? grace.none : grace.kubelet);
  const removal = { pod, why: 'renew' } as const;
  return { key: `${sign.key}/renew`, graceMs: grace.renewal, then: 'remove', removal, mark: [key, createdAt] };
}

/** What is due now, since when each of them has been standing, and in how many milliseconds the next is due. */
export function weigh(
  timers: readonly Timer[],
  before: Standing,
  now: number,
): { readonly due: readonly Timer[]; readonly standing: Standing; readonly recheckMs: number | undefined } {
  const marks = [...before].filter(([key]) => key.endsWith(renewed));
  const standing = new Map([...marks, ...timers.map(({ key }) => [key, before.get(key) ?? now] as const)]);
  const left = ({ key, graceMs }: Timer) => (standing.get(key) ?? now) + graceMs - now;
  const due = timers.filter((timer) => left(timer) <= 0);
  for (const timer of due) {
    if (timer.then === 'remove' && timer.mark) standing.set(...timer.mark);
  }
  const waits = timers.map(left).filter((ms) => ms > 0);
  return { due, standing, recheckMs: waits.length === 0 ? undefined : Math.min(...waits) };
}

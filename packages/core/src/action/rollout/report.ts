import type { Cell, Outcome, ResultState, SummaryBlock } from '../outcome.ts';
import { parseImageReference } from '../../domain/image-reference.ts';
import { shortDigest } from '../../domain/digest.ts';
import type { Cause } from '../../domain/rollout/cause.ts';
import type { WorkloadState } from '../../domain/rollout/judge.ts';
import type { Check } from '../../domain/topology.ts';
import { describeWorkload } from '../../domain/workload.ts';
import type { RolloutOutput } from './aim.ts';
import type { Images, Step } from './plan.ts';
import type { Verdict } from './verdict.ts';

/** What is told of a run, whatever its end. */
export interface Story {
  readonly digest: string;
  readonly checks: readonly Check[];
  readonly steps: readonly Step[];
  readonly states: readonly WorkloadState[];
  readonly verdict: Verdict;
  readonly cause?: Cause;
  readonly result: ResultState;
  readonly reason: string;
  readonly next?: string;
  /** What came back instead, by workload. */
  readonly back?: ReadonlyMap<string, Images>;
  readonly evidence?: readonly SummaryBlock[];
}

export function tell(story: Story): Outcome<RolloutOutput> {
  const { digest, steps, verdict, cause, result, reason, next } = story;
  const before = steps.flatMap((step) => Object.values(step.before))[0] ?? '';
  return {
    result,
    reason,
    ...(next !== undefined && { next }),
    outputs: {
      result,
      digest,
      'previous-digest': parseImageReference(before)?.digest ?? '',
      verdict,
      cause: cause ?? '',
      url: addressOf(story.checks) ?? '',
    },
    summary: [...(steps.length > 0 ? [table(story)] : []), ...(story.evidence ?? [])],
  };
}

/** Where the application answers: the first page that is checked. */
export function addressOf(checks: readonly Check[]): string | undefined {
  return checks[0]?.url.origin;
}

function table({ steps, states, verdict, back }: Story): SummaryBlock {
  const head = ['Workload', 'Container', 'Before', verdict === 'planned' ? 'Would be' : 'After', 'State'];
  const rows = steps.flatMap((step): Cell[][] => {
    const name = describeWorkload(step.workload);
    const state = states.find(({ workload }) => describeWorkload(workload) === name)?.health.detail ?? '';
    return Object.entries(step.before).map(([container, before]) => {
      const after = step.after[container] ?? before;
      const returned = back?.get(name)?.[container];
      const cell = returned === undefined ? short(after) : `${short(after)}, then ${short(returned)}`;
      return [name, container, { code: short(before) }, { code: cell }, state];
    });
  });
  return { kind: 'table', head, rows };
}

/** `web-stream@0123456789ab`: enough to compare, short enough for a table. The outputs hold the whole digests. */
export function short(image: string): string {
  const reference = parseImageReference(image);
  if (!reference) return image;
  const name = reference.path.slice(reference.path.lastIndexOf('/') + 1);
  return reference.digest ? `${name}@${shortDigest(reference.digest)}` : `${name}:${reference.tag ?? ''}`;
}

import type { Digest } from '../../domain/digest.ts';
import type { WorkloadState } from '../../domain/rollout/judge.ts';
import type { Web } from '../../ports/web.ts';
import type { Aim, RolloutChoices } from './aim.ts';
import type { Scene } from './follow.ts';
import type { Step } from './plan.ts';
import type { Story } from './report.ts';

/** One deployment under way. */
export interface Deployment {
  readonly aim: Aim;
  readonly digest: Digest;
  /** Such as `web latest-412`. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** It runs there already: this run sets nothing. */
  readonly unchanged: boolean;
  readonly scene: Scene;
  readonly choices: RolloutChoices;
  readonly web: Web;
}

export function storyOf(
  { digest, aim, steps }: Deployment,
  states: readonly WorkloadState[],
): Pick<Story, 'digest' | 'checks' | 'steps' | 'states'> {
  return { digest, checks: aim.project.checks, steps, states };
}

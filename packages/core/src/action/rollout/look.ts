import type { ResolvedBuild } from '../resolve-build.ts';
import { formatReference } from '../../domain/image-reference.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { RefusedError } from '../../errors/errors.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Registry } from '../../ports/registry.ts';
import type { Aim, RolloutChoices } from './aim.ts';
import { rehearse } from './apply.ts';
import { highestRunning, observe } from './observe.ts';
import type { Plan, Step } from './plan.ts';
import { planRollout } from './plan.ts';

/** What to do when somebody else was at it at the same moment. */
export const whoElse = 'Find out who else deploys to this project, and see which build is meant to run.';

type Build = Pick<ResolvedBuild, 'digest' | 'number'>;

interface Ports {
  readonly registry: Registry;
  readonly cluster: Cluster;
}

/** The latest step of each workload, by describeWorkload. */
export type Ours = ReadonlyMap<string, Step>;

export interface Look {
  readonly view: NamespaceView;
  readonly plan: Plan;
}

/**
 * Observes, plans, and asks the API server whether it would take it. `ours` is what this run has set by earlier looks, by workload: once
 * there is any, a refusal is thrown.
 */
export async function lookAt(
  aim: Aim,
  build: Build,
  choices: Pick<RolloutChoices, 'force'>,
  ports: Ports,
  ours: Ours,
  signal: AbortSignal,
): Promise<Look> {
  const { cluster } = ports;
  const view = await observe(cluster, aim.project.namespace, aim.workloads, signal);
  const plan = await planFrom(view, aim, build, choices, ports, signal);
  if (plan.do === 'refuse') {
    if (ours.size === 0) return { view, plan };
    throw new RefusedError('refused', plan.reason.replace(/\.$/, ''), { hint: whoElse });
  }
  const steps = plan.steps.map((step) => withEarlierSight(step, ours));
  await rehearse(steps, noteOf(build), cluster, signal);
  return { view, plan: { ...plan, steps } };
}

/** What a workload is annotated with. */
export function noteOf({ number }: Build): string | null {
  return number === undefined ? null : String(number);
}

async function planFrom(
  view: NamespaceView,
  aim: Aim,
  build: Build,
  { force }: Pick<RolloutChoices, 'force'>,
  { registry }: Ports,
  signal: AbortSignal,
): Promise<Plan> {
  const { repository, project, workloads } = aim;
  const reference = formatReference({ ...repository, digest: build.digest });
  const running = force ? undefined : await highestRunning(aim, view, registry, signal);
  return planRollout(
    { namespace: project.namespace, workloads, reference, number: build.number, force },
    view,
    running,
  );
}

/**
 * After another look at the cluster, what this run has set itself is not what was there before it. What somebody else has set since is;
 * where that is not known to be healthy, what was before it still is.
 */
function withEarlierSight(step: Step, ours: Ours): Step {
  const earlier = ours.get(describeWorkload(step.workload));
  if (!earlier) return step;
  if (step.changes) return { ...step, fallback: step.fallback ?? earlier.fallback };
  return { ...earlier, generation: step.generation, changes: false };
}

import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import type { ResolvedBuild } from '@delivery/core/action/resolve-build';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { buildTag } from '@delivery/core/domain/build';
import { shortDigest } from '@delivery/core/domain/digest';
import { formatReference } from '@delivery/core/domain/image-reference';
import { healthOf } from '@delivery/core/domain/rollout/health';
import { findWorkload } from '@delivery/core/domain/rollout/judge';
import type { NamespaceView } from '@delivery/core/domain/workload';
import { describeWorkload } from '@delivery/core/domain/workload';
import type { DeploymentState } from '@delivery/core/ports/github';
import type { Aim } from './aim.ts';
import { findAim } from './aim.ts';
import type { Applied } from './apply.ts';
import { apply, isConflict, rehearse } from './apply.ts';
import type { Scene } from './follow.ts';
import type { Inputs, Output } from './inputs.ts';
import { highestRunning, newestEvent, observe } from './observe.ts';
import type { Plan, Step } from './plan.ts';
import { planRollout } from './plan.ts';
import type { Ports } from './ports.ts';
import { startRecord } from './record.ts';
import type { Story } from './report.ts';
import { addressOf, tell } from './report.ts';
import type { Deployment } from './verify.ts';
import { cancelled, failed, verify } from './verify.ts';

/** How often it looks again when somebody else deploys at the same moment. The newest build wins, so this ends. */
const maxLooks = 5;

/** Observe, plan, act, verify: the build that is meant reaches every workload of its image, or what was healthy comes back. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const aim = findAim(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  const cluster = ports.cluster(aim.project.cluster);
  const build = await resolveBuild(inputs.build, aim.image.repository, ports.registry, context.signal);
  const { namespace } = aim.project;
  const { clock, log, signal } = context;
  const title = titleOf(aim, build);
  log.info(`${title} for ${aim.project.name} (namespace ${namespace})`);

  const ours: Step[] = [];
  let since: Date | undefined;
  for (let looks = 1; ; looks += 1) {
    const view = await observe(cluster, namespace, signal);
    since ??= newestEvent(view);
    const plan = await planFrom(view, aim, build, inputs, ports, signal);
    const story = { digest: build.digest, checks: aim.project.checks };
    if (plan.do === 'refuse') return refused(plan, story);
    const steps = plan.steps.map((step) => withFirstSight(step, ours));
    const number = build.number === undefined ? null : String(build.number);
    await rehearse(steps, number, cluster, signal);
    const states = statesOf(steps, view);
    if (inputs['dry-run']) return planned(plan.do, title, { ...story, steps, states });

    const scene: Scene = { cluster, namespace, clock, log, signal, since };
    const deployment: Deployment = { aim, build, title, steps, scene, inputs, web: ports.web };
    const applied = await applyUntilCancelled(deployment, number);
    if (!applied) return cancelled(deployment, states, 'while the workloads were being set');
    ours.push(...applied.set);
    if (isConflict(applied.error) && looks < maxLooks) continue;
    return finish(deployment, applied, plan.do === 'unchanged' && ours.length === 0, ours, ports, context);
  }
}

async function planFrom(
  view: NamespaceView,
  aim: Aim,
  build: ResolvedBuild,
  { force }: Inputs,
  { registry }: Ports,
  signal: AbortSignal,
): Promise<Plan> {
  const { image, project, workloads } = aim;
  const reference = formatReference({ ...image.repository, digest: build.digest });
  const running = force ? undefined : await highestRunning(aim, view, registry, signal);
  return planRollout(
    { namespace: project.namespace, workloads, reference, number: build.number, force },
    view,
    running,
  );
}

async function finish(
  deployment: Deployment,
  applied: Applied,
  unchanged: boolean,
  ours: readonly Step[],
  ports: Ports,
  { run, log }: ActionContext,
): Promise<Outcome<Output>> {
  const { aim, build, title } = deployment;
  const { environment } = aim.project;
  if (applied.error && ours.length === 0) throw applied.error;
  const url = addressOf(aim.project.checks);
  const recorded =
    unchanged || environment === undefined ? undefined : { environment, build: title, digest: build.digest, url };
  const record = await startRecord(ports.gitHub, recorded, run, log);
  try {
    const { error } = applied;
    const outcome = error
      ? await failed(
          { ...deployment, steps: ours },
          { cause: 'cluster', sentence: error.message, pod: '', container: '' },
          undefined,
        )
      : await verify(deployment, applied.targets, unchanged);
    await record.finish(recordedAs(outcome), outcome.reason);
    return outcome;
  } catch (error) {
    await record.finish('error', 'The deployment ended unexpectedly.');
    throw error;
  }
}

function recordedAs({ result, outputs }: Outcome<Output>): DeploymentState {
  if (outputs.verdict === 'superseded') return 'inactive';
  if (outputs.verdict === 'cancelled') return 'error';
  return result === 'failure' ? 'failure' : 'success';
}

async function applyUntilCancelled({ steps, scene }: Deployment, build: string | null): Promise<Applied | undefined> {
  const { cluster, log, signal } = scene;
  try {
    return await apply(steps, build, cluster, log, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** After another look at the cluster, what this run has set itself is not what was there before it. */
function withFirstSight(step: Step, ours: readonly Step[]): Step {
  const first = ours.find(({ workload }) => describeWorkload(workload) === describeWorkload(step.workload));
  return first && !step.changes ? { ...first, generation: step.generation, changes: false } : step;
}

function statesOf(steps: readonly Step[], view: NamespaceView): Story['states'] {
  return steps.flatMap(({ workload }) => {
    const found = findWorkload(view, workload);
    return found ? [{ workload, health: healthOf(found) }] : [];
  });
}

type Base = Pick<Story, 'digest' | 'checks'>;

function refused({ reason, next }: Extract<Plan, { do: 'refuse' }>, base: Base): Outcome<Output> {
  return tell({ ...base, steps: [], states: [], verdict: 'refused', result: 'failure', reason, next });
}

function planned(
  what: 'unchanged' | 'update',
  title: string,
  base: Base & Pick<Story, 'steps' | 'states'>,
): Outcome<Output> {
  const count = base.steps.filter(({ changes }) => changes).length;
  const reason =
    what === 'unchanged'
      ? `Dry run: ${title} runs everywhere already and is healthy.`
      : `Dry run: ${title} would be set in ${count} of ${base.steps.length} workloads; the API server would accept it. Nothing was changed.`;
  return tell({ ...base, verdict: 'planned', result: 'success', reason });
}

function titleOf({ image }: Aim, { number, digest }: ResolvedBuild): string {
  return `${image.name} ${number === undefined ? shortDigest(digest) : buildTag(number)}`;
}

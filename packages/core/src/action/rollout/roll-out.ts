import type { ActionContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { ResolvedBuild } from '../resolve-build.ts';
import { formatReference } from '../../domain/image-reference.ts';
import { healthOf } from '../../domain/rollout/health.ts';
import { findWorkload } from '../../domain/rollout/judge.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import type { ActionError } from '../../errors/errors.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { DeploymentState, GitHub } from '../../ports/github.ts';
import type { Registry } from '../../ports/registry.ts';
import type { Web } from '../../ports/web.ts';
import type { Aim, RolloutChoices, RolloutOutput } from './aim.ts';
import type { Applied } from './apply.ts';
import { apply, isConflict, rehearse } from './apply.ts';
import type { Scene } from './follow.ts';
import { highestRunning, newestEvent, observe } from './observe.ts';
import type { Plan, Step } from './plan.ts';
import { planRollout } from './plan.ts';
import { startRecord } from './record.ts';
import type { Story } from './report.ts';
import { addressOf, tell } from './report.ts';
import type { Deployment } from './verify.ts';
import { cancelled, failed, verify } from './verify.ts';

/** How often it looks again when somebody else deploys at the same moment. The newest build wins, so this ends. */
const maxLooks = 5;

export interface RolloutPorts {
  readonly registry: Registry;
  /** That of the project. */
  readonly cluster: Cluster;
  readonly web: Web;
  /** Undefined: no deployment is recorded. */
  readonly gitHub: GitHub | undefined;
}

/** What a project is to run. */
export interface WantedBuild extends Pick<ResolvedBuild, 'digest' | 'number'> {
  /** Such as `web latest-412`. */
  readonly title: string;
}

/** Observe, plan, act, verify: the build that is meant reaches every workload of its image, or what was healthy comes back. */
export async function rollOut(
  aim: Aim,
  build: WantedBuild,
  choices: RolloutChoices,
  ports: RolloutPorts,
  context: ActionContext,
): Promise<Outcome<RolloutOutput>> {
  const { cluster } = ports;
  const { namespace } = aim.project;
  const { clock, log, signal } = context;
  const { title } = build;
  log.info(`${title} for ${aim.project.name} (namespace ${namespace})`);

  const ours: Step[] = [];
  let since: Date | undefined;
  for (let looks = 1; ; looks += 1) {
    const view = await observe(cluster, namespace, aim.workloads, signal);
    since ??= newestEvent(view);
    const plan = await planFrom(view, aim, build, choices, ports, signal);
    const story = { digest: build.digest, checks: aim.project.checks };
    if (plan.do === 'refuse') return refused(plan, story);
    const steps = plan.steps.map((step) => withFirstSight(step, ours));
    const number = build.number === undefined ? null : String(build.number);
    await rehearse(steps, number, cluster, signal);
    const states = statesOf(steps, view);
    if (choices['dry-run']) return planned(plan.do, title, { ...story, steps, states });

    const scene: Scene = { cluster, namespace, clock, log, signal, since };
    const deployment: Deployment = { aim, digest: build.digest, title, steps, scene, choices, web: ports.web };
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
  build: WantedBuild,
  { force }: RolloutChoices,
  { registry }: RolloutPorts,
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

async function finish(
  deployment: Deployment,
  applied: Applied,
  unchanged: boolean,
  ours: readonly Step[],
  ports: RolloutPorts,
  { run, log }: ActionContext,
): Promise<Outcome<RolloutOutput>> {
  const { aim, digest, title } = deployment;
  const { environment } = aim.project;
  if (applied.error && ours.length === 0) throw applied.error;
  const url = addressOf(aim.project.checks);
  const recorded = unchanged || environment === undefined ? undefined : { environment, build: title, digest, url };
  const record = await startRecord(ports.gitHub, recorded, run, log);
  try {
    const { error } = applied;
    const outcome = error
      ? await brokenOff({ ...deployment, steps: ours }, error)
      : await verify(deployment, applied.targets, unchanged);
    await record.finish(recordedAs(outcome), outcome.reason);
    return outcome;
  } catch (error) {
    await record.finish('error', 'The deployment ended unexpectedly.');
    throw error;
  }
}

async function brokenOff(deployment: Deployment, error: ActionError): Promise<Outcome<RolloutOutput>> {
  const diagnosis = { cause: 'cluster', sentence: error.message, pod: '', container: '' } as const;
  const outcome = await failed(deployment, diagnosis, undefined);
  const isTold = error.hint === undefined || outcome.outputs.verdict === 'cancelled';
  return isTold ? outcome : { ...outcome, next: error.hint };
}

function recordedAs({ result, outputs }: Outcome<RolloutOutput>): DeploymentState {
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

function refused({ reason, next }: Extract<Plan, { do: 'refuse' }>, base: Base): Outcome<RolloutOutput> {
  return tell({ ...base, steps: [], states: [], verdict: 'refused', result: 'failure', reason, next });
}

function planned(
  what: 'unchanged' | 'update',
  title: string,
  base: Base & Pick<Story, 'steps' | 'states'>,
): Outcome<RolloutOutput> {
  const count = base.steps.filter(({ changes }) => changes).length;
  const reason =
    what === 'unchanged'
      ? `Dry run: ${title} runs everywhere already and is healthy.`
      : `Dry run: ${title} would be set in ${count} of ${base.steps.length} workloads; the API server would accept it. Nothing was changed.`;
  return tell({ ...base, verdict: 'planned', result: 'success', reason });
}

import type { ActionContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { ResolvedBuild } from '../resolve-build.ts';
import { healthOf } from '../../domain/rollout/health.ts';
import { findWorkload } from '../../domain/rollout/judge.ts';
import type { NamespaceView } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { DeploymentState, GitHub } from '../../ports/github.ts';
import type { Registry } from '../../ports/registry.ts';
import type { Web } from '../../ports/web.ts';
import type { Aim, RolloutChoices, RolloutOutput } from './aim.ts';
import type { Applied } from './apply.ts';
import { apply, isConflict } from './apply.ts';
import type { Deployment } from './deployment.ts';
import { brokenOff, cancelled } from './failure.ts';
import type { Scene } from './follow.ts';
import type { Look, Ours } from './look.ts';
import { lookAt, noteOf } from './look.ts';
import { newestEvent } from './observe.ts';
import type { Plan, Step } from './plan.ts';
import { startRecord } from './record.ts';
import type { Story } from './report.ts';
import { addressOf, tell } from './report.ts';
import { verify } from './verify.ts';

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

  const story = { digest: build.digest, checks: aim.project.checks };
  let ours: Ours = new Map();
  // Undefined until something is set.
  let begun: Deployment | undefined;
  let since: Date | undefined;
  for (let looks = 1; ; looks += 1) {
    let look: Look;
    try {
      look = await lookAt(aim, build, choices, ports, ours, signal);
    } catch (error) {
      if (isConflict(error) && looks < maxLooks) continue;
      return breakOff(begun, error, ports, context);
    }
    const { plan, view } = look;
    if (plan.do === 'refuse') return refused(plan, story);
    const { steps } = plan;
    since ??= newestEvent(view);
    const states = statesOf(steps, view);
    if (choices['dry-run']) return planned(plan.do, title, { ...story, steps, states });

    const scene: Scene = { cluster, namespace, clock, log, signal, since };
    const unchanged = plan.do === 'unchanged' && !begun;
    const { digest } = build;
    const deployment: Deployment = { aim, digest, title, steps, unchanged, scene, choices, web: ports.web };
    const applied = await applyUntilCancelled(deployment, build);
    if (!applied) return cancelled(deployment, states, 'while the workloads were being set');
    ours = new Map([...ours, ...applied.set.map((step) => [describeWorkload(step.workload), step] as const)]);
    if (ours.size > 0) begun = { ...deployment, steps: [...ours.values()] };
    if (isConflict(applied.error) && looks < maxLooks) continue;
    if (applied.error) return breakOff(begun, applied.error, ports, context);
    const end = () => verify(deployment, applied.targets);
    return unchanged ? end() : recorded(deployment, end, ports, context);
  }
}

/** What goes wrong once something is set is not thrown: what is set comes back. */
async function breakOff(
  begun: Deployment | undefined,
  error: unknown,
  ports: RolloutPorts,
  context: ActionContext,
): Promise<Outcome<RolloutOutput>> {
  if (!begun) throw error;
  if (context.signal.aborted) return cancelled(begun, [], 'while the cluster was being looked at again');
  if (!(error instanceof ActionError)) throw error;
  return recorded(begun, () => brokenOff(begun, error), ports, context);
}

async function recorded(
  { aim, digest, title }: Deployment,
  end: () => Promise<Outcome<RolloutOutput>>,
  ports: RolloutPorts,
  { run, log }: ActionContext,
): Promise<Outcome<RolloutOutput>> {
  const { environment } = aim.project;
  const url = addressOf(aim.project.checks);
  const deployment = environment === undefined ? undefined : { environment, build: title, digest, url };
  const record = await startRecord(ports.gitHub, deployment, run, log);
  try {
    const outcome = await end();
    await record.finish(recordedAs(outcome), outcome.reason);
    return outcome;
  } catch (error) {
    await record.finish('error', 'The deployment ended unexpectedly.');
    throw error;
  }
}

function recordedAs({ result, outputs }: Outcome<RolloutOutput>): DeploymentState {
  if (outputs.verdict === 'superseded') return 'inactive';
  if (outputs.verdict === 'cancelled') return 'error';
  return result === 'failure' ? 'failure' : 'success';
}

async function applyUntilCancelled(
  { steps, scene, choices }: Deployment,
  build: WantedBuild,
): Promise<Applied | undefined> {
  // What is to be left as it is when it fails is left in the tags too; so is what promote-stable goes back to.
  const keepTags = choices['on-failure'] === 'leave';
  try {
    return await apply(steps, noteOf(build), keepTags, scene);
  } catch (error) {
    if (scene.signal.aborted) return undefined;
    throw error;
  }
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

import type { ActionContext } from '@delivery/core/action/context';
import type { LaunchChoices, Place } from '@delivery/core/action/launch/choices';
import type { LaunchedBuild } from '@delivery/core/action/launch/loader-task';
import { launchAll } from '@delivery/core/action/launch/launch-all';
import { tell } from '@delivery/core/action/launch/report';
import type { OutputValue, ResultState, SummaryBlock } from '@delivery/core/action/outcome';
import type { Aim, RolloutChoices } from '@delivery/core/action/rollout/aim';
import type { RolloutPorts, WantedBuild } from '@delivery/core/action/rollout/roll-out';
import { rollOut } from '@delivery/core/action/rollout/roll-out';
import { ActionError } from '@delivery/core/errors/errors';
import type { Targets } from './aim.ts';
import type { Ports } from './ports.ts';

/** How it ended in one project. */
export interface ProjectEnd {
  readonly project: string;
  readonly kind: 'rollout' | 'launch' | 'backup';
  readonly result: ResultState;
  /** As deploy-test, launch-loader and db-backup say it. */
  readonly verdict: string;
  readonly cause: string;
  /** Digest that ran there before; empty when it is not known. */
  readonly before: string;
  readonly reason: string;
  readonly next: string | undefined;
  readonly summary: readonly SummaryBlock[];
}

export interface DeliverChoices {
  readonly rollout: RolloutChoices;
  readonly launch: LaunchChoices;
}

/** Brings a build to every project: first the workloads, side by side; when all of those are well, the jobs. */
export async function deliver(
  targets: Targets,
  build: LaunchedBuild,
  choices: DeliverChoices,
  ports: Ports,
  context: ActionContext,
): Promise<readonly ProjectEnd[]> {
  const rollouts = await rollOutAll(
    targets.aims,
    { ...build.build, title: build.title },
    choices.rollout,
    ports,
    context,
  );
  if (rollouts.some(({ result }) => result === 'failure')) return [...rollouts, ...targets.places.map(notLaunched)];
  if (targets.places.length === 0) return rollouts;
  return [...rollouts, ...(await launch(targets.places, build, choices.launch, ports, context))];
}

function notLaunched({ project }: Place): ProjectEnd {
  const reason = 'Nothing is launched after a rollout that failed.';
  const said = { verdict: 'not-launched', cause: '', before: '', reason, next: undefined, summary: [] };
  return { project: project.name, kind: 'launch', result: 'unstable', ...said };
}

export async function rollOutAll(
  aims: readonly Aim[],
  build: WantedBuild,
  choices: RolloutChoices,
  ports: Ports,
  context: ActionContext,
): Promise<readonly ProjectEnd[]> {
  return Promise.all(
    aims.map(async (aim): Promise<ProjectEnd> => {
      const { registry, web, gitHub } = ports;
      const cluster = ports.cluster(aim.project.cluster);
      const own: RolloutPorts = { registry, cluster, web, gitHub };
      const where = { project: aim.project.name, kind: 'rollout' } as const;
      try {
        const { result, reason, next, outputs, summary } = await rollOut(aim, build, choices, own, context);
        const before = textOf(outputs['previous-digest']);
        const said = { verdict: textOf(outputs.verdict), cause: textOf(outputs.cause), before };
        return { ...where, ...said, result, reason, next, summary };
      } catch (error) {
        // What is wrong with one project is told beside the others: stable has moved by now.
        if (!(error instanceof ActionError)) throw error;
        const end = context.signal.aborted
          ? { verdict: 'cancelled', cause: '' }
          : { verdict: 'broken-off', cause: 'cluster' };
        const said = { before: '', reason: `${error.message}.`, next: error.hint };
        return { ...where, ...end, ...said, result: 'failure', summary: [] };
      }
    }),
  );
}

async function launch(
  places: readonly Place[],
  build: LaunchedBuild,
  choices: LaunchChoices,
  ports: Ports,
  context: ActionContext,
): Promise<readonly ProjectEnd[]> {
  const ends = await launchAll(places, build, choices, ports, context);
  return ends.map((end) => {
    const { result, reason, summary } = tell(build.title, [end], choices);
    const { verdict, cause = '', next } = end;
    const said = { verdict, cause, before: '', reason, next, summary };
    return { project: end.place.project.name, kind: 'launch', result, ...said };
  });
}

function textOf(value: OutputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

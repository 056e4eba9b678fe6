import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { within } from '@delivery/core/action/within';
import { formatRepository } from '@delivery/core/domain/image-reference';
import { ActionError } from '@delivery/core/errors/errors';
import type { PackageVersions } from '@delivery/core/ports/package-versions';
import type { Aim } from './aim.ts';
import { findAims } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import { planScene, readScene } from './observe.ts';
import { Pace } from './pace.ts';
import type { Ports } from './ports.ts';
import { prune } from './prune.ts';
import type { Remover } from './remover.ts';
import { packageRemover, readVersions, registryRemover } from './remover.ts';
import type { End } from './report.ts';
import { tell, tellNever } from './report.ts';
import { needsOf } from './rights.ts';
import { readUses } from './running.ts';
import { orNothing, orUnread } from './unread.ts';
import { Watch } from './watch.ts';

/**
 * Reads all and decides; what cannot be read stops it before anything is deleted. Then looks again and deletes, one image after the
 * other: from there on the end of each is told, whatever stops it.
 */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { aims, never } = findAims(inputs.image, ports.topology);
  if (aims.length === 0) return tellNever(never);
  const deadline = new Date(context.clock.now().getTime() + inputs.timeout);
  const works = await orNothing(() =>
    within(inputs.timeout, context, (signal) => decide(aims, ports, { ...context, signal }), undefined),
  );
  if (!works) {
    const limit = `${Math.round(inputs.timeout / 60_000)} minutes`;
    const hint = 'Give it more time by the input timeout.';
    throw new ActionError('unread', `Nothing was deleted: reading took longer than ${limit}`, { hint });
  }
  const pace = new Pace(context.clock);
  const ends: End[] = [];
  for (const { watch, packages } of works) {
    const { aim } = watch.scene;
    const remover = connectRemover(packages, pace, deadline, ports);
    const scene = { watch, registry: ports.registry, remover, deadline };
    const pruned = inputs['dry-run'] ? undefined : await prune(scene, context);
    ends.push({ aim, plan: watch.planToTell, pruned });
  }
  return tell(ends, never);
}

interface Work {
  readonly watch: Watch;
  /** Undefined for a registry that deletes by itself. */
  readonly packages: PackageVersions | undefined;
}

async function decide(aims: readonly Aim[], ports: Ports, context: ActionContext): Promise<readonly Work[]> {
  const { registry, topology } = ports;
  const packages = aims.map(({ image }) => ports.packages(image.repository));
  await preflight('prune-builds', needsOf(topology), ports.permissions, context);
  const scenes = [];
  for (const aim of aims) scenes.push(await readScene(aim, topology, registry, context));
  const uses = await readUses(ports, context);
  const works: Work[] = [];
  for (const [at, scene] of scenes.entries()) {
    const plan = await planScene(scene, uses, new Map(), { ...context, registry });
    const going = plan.builds.filter(({ keep }) => !keep).length;
    context.log.info(
      `${scene.aim.image.name}: ${going} of ${plan.builds.length} builds go, ${plan.removals.length} manifests and tags in all.`,
    );
    works.push({ watch: new Watch(scene, plan, uses, ports), packages: packages[at] });
  }
  return works;
}

/** On ghcr.io the versions are listed as late as this, so that they are those of the last look. */
function connectRemover(packages: PackageVersions | undefined, pace: Pace, deadline: Date, { registry }: Ports) {
  return async (watch: Watch, context: ActionContext): Promise<Remover> => {
    const { image } = watch.scene.aim;
    const { repository } = image;
    if (!packages || watch.plan.removals.length === 0) return registryRemover(repository, registry);
    const { clock, log, signal } = context;
    const options = {
      ...{ packages, pace, deadline, clock, log },
      isThere: async (digest: string, within: AbortSignal) =>
        (await registry.readManifest(repository, digest, within)) !== undefined,
    };
    const what = `the package of image ${image.name} (${formatRepository(repository)})`;
    const versions = await orUnread(what, () => readVersions(options, signal));
    await watch.learn(versions, context);
    return packageRemover(versions, options);
  };
}

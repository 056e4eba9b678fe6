import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { within } from '@delivery/core/action/within';
import type { Digest } from '@delivery/core/domain/digest';
import { ActionError } from '@delivery/core/errors/errors';
import type { Aim } from './aim.ts';
import { findAims } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import { planScene, readScene } from './observe.ts';
import { Pace } from './pace.ts';
import type { Ports } from './ports.ts';
import { prune } from './prune.ts';
import { addChangedVersions, recheck } from './recheck.ts';
import type { Remover } from './remover.ts';
import { packageRemover, readVersions, registryRemover } from './remover.ts';
import type { End } from './report.ts';
import { tell, tellNever } from './report.ts';
import { readUses } from './running.ts';
import { orUnread } from './unread.ts';

/** Reads all, decides, looks at the tags again, and deletes. What cannot be read stops it before anything is deleted. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { aims, never } = findAims(inputs.image, ports.topology);
  if (aims.length === 0) return tellNever(never);
  const deadline = new Date(context.clock.now().getTime() + inputs.timeout);
  const works = await within(
    inputs.timeout,
    context,
    (signal) => decide(aims, ports, deadline, { ...context, signal }, inputs['dry-run']),
    undefined,
  );
  if (!works) {
    const limit = `${Math.round(inputs.timeout / 60_000)} minutes`;
    const hint = 'Give it more time by the input timeout.';
    throw new ActionError('unread', `Nothing was deleted: reading took longer than ${limit}`, { hint });
  }
  const ends: End[] = [];
  for (const { aim, plan, remover } of works) {
    if (!remover) ends.push({ aim, plan, pruned: undefined });
    else {
      const { repository } = aim.image;
      const pruned = await prune(plan, { repository, registry: ports.registry, remover, deadline }, context);
      ends.push({ aim, plan, pruned });
    }
  }
  return tell(ends, never);
}

interface Work extends Pick<End, 'aim' | 'plan'> {
  /** Undefined in a dry run. */
  readonly remover: Remover | undefined;
}

async function decide(
  aims: readonly Aim[],
  ports: Ports,
  deadline: Date,
  context: ActionContext,
  dryRun: boolean,
): Promise<readonly Work[]> {
  const { signal, log } = context;
  const asking = { ...context, registry: ports.registry };
  const packages = new Map(aims.map((aim) => [aim, ports.packages(aim.image.repository)]));
  const scenes = [];
  for (const aim of aims) scenes.push(await readScene(aim, ports.topology, ports.registry, signal));
  // The clusters last: what they run changes the fastest.
  const uses = await readUses(ports, context);
  const pace = new Pace(context.clock);
  const works: Work[] = [];
  for (const scene of scenes) {
    const { aim } = scene;
    const plan = await planScene(scene, uses, new Map(), asking);
    const going = plan.builds.filter(({ keep }) => !keep).length;
    log.info(
      `${aim.image.name}: ${going} of ${plan.builds.length} builds go, ${plan.removals.length} manifests and tags in all.`,
    );
    if (dryRun || plan.removals.length === 0) {
      const remover = dryRun ? undefined : registryRemover(aim.image.repository, ports.registry);
      works.push({ aim, plan, remover });
      continue;
    }
    const changed = new Map<Digest, string>(await recheck(scene, plan, ports.registry, signal));
    const port = packages.get(aim);
    let remover = registryRemover(aim.image.repository, ports.registry);
    if (port) {
      const options = { packages: port, pace, deadline, clock: context.clock, log };
      const versions = await orUnread(`the package of image ${aim.image.name}`, () => readVersions(options, signal));
      addChangedVersions(versions, scene, changed);
      remover = packageRemover(versions, options);
    }
    works.push({ aim, plan: await planScene(scene, uses, changed, asking), remover });
  }
  return works;
}

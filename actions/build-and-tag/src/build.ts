import type { ActionContext } from '@delivery/core/action/context';
import { readBuild } from '@delivery/core/action/resolve-build';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildTag, revisionLabel } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import { formatReference } from '@delivery/core/domain/image-reference';
import { ActionError, RefusedError } from '@delivery/core/errors/errors';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import type { Plan } from './plan.ts';
import type { Builder, Recipe } from './ports.ts';
import type { BuildableImage } from './recipe.ts';

export interface Built {
  readonly number: BuildNumber;
  readonly digest: Digest;
  /** What this run has pushed; undefined when the build was there already. */
  readonly pushed: Manifest | undefined;
}

/** What a build is made with, and how its next step is found. */
export interface BuildScene {
  readonly image: BuildableImage;
  readonly builder: Builder;
  readonly registry: Registry;
  readonly context: ActionContext;
  readonly plan: () => Promise<Plan>;
  readonly recipe: (number: BuildNumber) => Recipe;
}

/** How often `next` may find its number taken when the image is ready. */
const maxBuilds = 5;

/**
 * Carries a plan out. The registry is asked again between building and pushing: a number that was taken meanwhile is
 * never pushed over. Throws RefusedError, CommandError, ActionError (`read-back`) and RemoteError.
 */
export async function carryOut(first: Plan, scene: BuildScene): Promise<Built> {
  let plan = first;
  for (let builds = 0; builds < maxBuilds; builds++) {
    if (plan.kind === 'refuse') throw new RefusedError('number-taken', plan.reason, { hint: plan.hint });
    if (plan.kind === 'reuse') return { number: plan.number, digest: plan.digest, pushed: undefined };
    const { number } = plan;
    const recipe = scene.recipe(number);
    await buildOne(number, recipe, scene);
    plan = await scene.plan();
    if (plan.kind === 'build' && plan.number === number) {
      const pushed = await pushOne(number, recipe, scene);
      return { number, digest: pushed.digest, pushed };
    }
  }
  throw new RefusedError(
    'number-taken',
    `${maxBuilds} times another run took the next number while the image was built`,
    {
      hint: 'Let the runs that build this image wait for each other: a concurrency group.',
    },
  );
}

async function buildOne(number: BuildNumber, recipe: Recipe, { image, builder, context }: BuildScene): Promise<void> {
  const reference = { ...image.repository, tag: buildTag(number) };
  await context.log.group(`Build ${image.name} ${number} with ${builder.name}`, () =>
    builder.build(recipe, reference, context.signal),
  );
}

async function pushOne(number: BuildNumber, recipe: Recipe, scene: BuildScene): Promise<Manifest> {
  const { image, builder, registry, context } = scene;
  const tag = buildTag(number);
  const reference = { ...image.repository, tag };
  const where = formatReference(reference);
  const pushed = await context.log.group(`Push ${where}`, () => builder.push(recipe, reference, context.signal));
  const found = await readBuild(tag, image.repository, registry, context.signal);
  if (!found) throw notAsPushed(`${where} was pushed, but the registry does not have it`);
  if (found.digest !== pushed && found.labels[revisionLabel] !== context.run.sha) {
    throw new RefusedError('number-taken', `Another run pushed ${where} at the same time; its build stands`, {
      hint: 'Run this one again with another number, and let runs that share their numbers wait for each other: a concurrency group.',
    });
  }
  if (found.digest !== pushed)
    throw notAsPushed(`${where} was pushed as ${pushed}, but the registry has ${found.digest}`);
  if (found.number !== number || found.labels[revisionLabel] !== context.run.sha) {
    throw notAsPushed(`${where} does not carry the labels of build ${number} of this commit`);
  }
  return found.manifest;
}

function notAsPushed(problem: string): ActionError {
  return new ActionError('read-back', problem, {
    hint: 'latest was not moved. Look at the registry and at what else writes to it.',
  });
}

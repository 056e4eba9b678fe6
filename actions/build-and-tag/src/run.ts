import type { ActionContext } from '@delivery/core/action/context';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger } from '@delivery/core/action/ledger';
import type { Outcome } from '@delivery/core/action/outcome';
import { InputError, RefusedError } from '@delivery/core/errors/errors';
import { carryOut } from './build.ts';
import type { Inputs, Output } from './inputs.ts';
import { moveLatest } from './move-latest.ts';
import { observe } from './observe.ts';
import { planBuild } from './plan.ts';
import type { Ports } from './ports.ts';
import { findImage, recipeFor } from './recipe.ts';
import { reportBuild, reportDryRun } from './report.ts';

/** Builds an image once, pushes `latest-N`, lets `latest` name the newest build, and notes in the ledger what was built. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { registry, builders, topology } = ports;
  const { log, clock, signal } = context;
  const started = clock.now();
  for (const value of inputs.secrets.values()) context.mask(value);

  const image = findImage(inputs.image, topology, context.run);
  const builder = await builders.open(inputs.builder, signal);
  const recipe = (number: number) => recipeFor(image, inputs, context.run, number, started);
  const problems = await builder.check(recipe(1));
  if (problems.length > 0) throw new InputError(problems);

  const look = () => observe(inputs, context.run, image.repository, registry, signal);
  const situation = await look();
  const plan = planBuild(situation);
  const report = { image, commit: context.run.sha, builder: builder.name };
  if (plan.kind === 'refuse') throw new RefusedError('number-taken', plan.reason, { hint: plan.hint });
  if (plan.kind === 'build' && plan.warning !== undefined) log.warning(plan.warning);
  if (inputs['dry-run']) return reportDryRun(report, plan, situation.highest);

  const again = async () => planBuild(await look());
  const built = await carryOut(plan, { image, builder, registry, context, plan: again, recipe });
  const latest = await moveLatest(built.number, image.repository, registry, signal);
  if (built.pushed) {
    const reason = `Built with ${builder.name} from ${context.run.sha}.`;
    const note: Note = { event: 'built', verdict: 'success', build: built.number, reason };
    await noteInLedger(note, { repository: image.repository, subject: built.pushed, registry }, context);
  }
  return reportBuild(report, built, latest, clock.now().getTime() - started.getTime());
}

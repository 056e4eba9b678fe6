import { buildsTable } from '@delivery/core/action/builds-table';
import type { Catalogue } from '@delivery/core/action/catalogue';
import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome, SummaryBlock } from '@delivery/core/action/outcome';
import type { TestEvent } from '@delivery/core/domain/ledger';
import type { ActionError } from '@delivery/core/errors/errors';
import type { Output } from './inputs.ts';
import type { Refusal } from './plan.ts';

/** What could be had is shown with every refusal. */
export interface Offer {
  readonly catalogue: Catalogue;
  readonly test: TestEvent;
}

export function missingBuild(error: ActionError, offer: Offer, context: ActionContext): Outcome<Output> {
  const { stable, image } = offer.catalogue;
  const reason = `${error.message}.`;
  const outputs = { result: 'failure', image: image.name, 'previous-digest': stable?.digest ?? '', reason };
  const next = `${error.hint ?? ''} Nothing was changed.`.trim();
  return { result: 'failure', reason, next, outputs, summary: table(offer, context) };
}

export function refused(
  { reason, next }: Refusal,
  { digest }: CatalogueBuild,
  offer: Offer,
  context: ActionContext,
): Outcome<Output> {
  const { stable, image } = offer.catalogue;
  const outputs = { result: 'failure', image: image.name, digest, 'previous-digest': stable?.digest ?? '', reason };
  return { result: 'failure', reason, next, outputs, summary: table(offer, context) };
}

function table({ catalogue, test }: Offer, { run, clock }: ActionContext): readonly SummaryBlock[] {
  return buildsTable({ catalogue, builds: catalogue.builds, test, running: undefined, run, now: clock.now() });
}

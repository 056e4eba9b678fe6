import type { Need } from '@delivery/core/domain/rights';
import { launchRights } from '@delivery/core/domain/rights';
import type { Inputs } from './inputs.ts';
import type { Aim } from './aim.ts';

/** Everything runs in the target: the list, the backup before, and the restore. */
export function needsOf(
  { target }: Pick<Aim, 'target'>,
  inputs: Pick<Inputs, 'on-running'>,
  backsUp: boolean,
): readonly Need[] {
  const { backup, restore } = target.database ?? {};
  const templates = [restore, backsUp ? backup : undefined].flatMap((one) => (one ? [one.cronJob] : []));
  return [{ ...target, rights: launchRights(templates, { wait: 'completion', 'on-running': inputs['on-running'] }) }];
}

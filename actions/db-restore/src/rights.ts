import type { Need } from '@delivery/core/domain/rights';
import { launchRights } from '@delivery/core/domain/rights';
import type { Inputs } from './inputs.ts';
import type { Aim } from './aim.ts';

/** Everything runs in the target: the list, the backup before, and the restore. */
export function needsOf({ target }: Pick<Aim, 'target'>, inputs: Pick<Inputs, 'on-running'>): readonly Need[] {
  return [{ ...target, rights: launchRights({ wait: 'completion', 'on-running': inputs['on-running'] }) }];
}

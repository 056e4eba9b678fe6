import { clusterInputs, commonInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { duration, names, oneOf, optional } from '@delivery/core/action/readers';
import { tiers } from '@delivery/core/domain/backup/tiers';
import { parseDuration } from '@delivery/core/domain/duration';

/** As delivery.yaml has it. */
const maxAgeMs = 9_000 * 3_600_000;

function parseAge(given: string): number | undefined {
  const ms = parseDuration(given);
  return ms !== undefined && ms <= maxAgeMs ? ms : undefined;
}

export const inputs = {
  ...commonInputs,
  ...clusterInputs,
  projects: names(),
  tier: oneOf(['auto', ...tiers], 'auto'),
  wait: oneOf(['start', 'completion'], 'completion'),
  'on-running': oneOf(['wait', 'fail'], 'wait'),
  'max-age': optional('a duration of at most 9000h, such as 3h or 26h', parseAge, undefined),
  timeout: duration(undefined),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'file', 'bytes', 'sha256', 'tables', 'offsite', 'inventory'] as const;

export type Output = (typeof outputs)[number];

import { clusterInputs, commonInputs, registryInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { boolean, duration, name, oneOf, optional } from '@delivery/core/action/readers';
import { buildSelectorForm, parseBuildSelector } from '@delivery/core/domain/build-selector';

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  project: name('test'),
  image: name('web'),
  build: optional(buildSelectorForm, parseBuildSelector, { kind: 'latest' } as const),
  timeout: duration(15 * 60_000),
  'on-failure': oneOf(['rollback', 'leave'], 'rollback'),
  force: boolean(false),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export type { RolloutOutput as Output } from '@delivery/core/action/rollout/aim';
export { rolloutOutputs as outputs } from '@delivery/core/action/rollout/aim';

export { registryLoginProblems as check } from '@delivery/core/action/common-inputs';

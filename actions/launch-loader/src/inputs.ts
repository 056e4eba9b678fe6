import { clusterInputs, commonInputs, registryInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { duration, name, names, oneOf, optional } from '@delivery/core/action/readers';
import { buildSelectorForm, parseBuildSelector } from '@delivery/core/domain/build-selector';

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  image: name('loader'),
  build: optional(buildSelectorForm, parseBuildSelector, { kind: 'latest' } as const),
  projects: names(),
  wait: oneOf(['start', 'completion'], 'completion'),
  timeout: duration(undefined),
  'on-running': oneOf(['unstable', 'wait', 'fail'], 'unstable'),
  'on-cancel': oneOf(['leave', 'delete'], 'leave'),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export type { LaunchOutput as Output } from '@delivery/core/action/launch/choices';
export { launchOutputs as outputs } from '@delivery/core/action/launch/choices';

export { registryLoginProblems as check } from '@delivery/core/action/common-inputs';

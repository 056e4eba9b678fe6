import { clusterInputs, commonInputs, registryInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { duration, names } from '@delivery/core/action/readers';

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  image: names(),
  timeout: duration(30 * 60_000),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'deleted', 'kept'] as const;

export type Output = (typeof outputs)[number];

export { registryLoginProblems as check } from '@delivery/core/action/common-inputs';

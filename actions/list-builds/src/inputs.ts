import { clusterInputs, commonInputs, registryInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { name, optional } from '@delivery/core/action/readers';

const maxLimit = 100;

function parseLimit(text: string): number | undefined {
  const limit = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= maxLimit ? limit : undefined;
}

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  image: name('web'),
  limit: optional(`a whole number from 1 to ${maxLimit}`, parseLimit, 20),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'builds'] as const;

export type Output = (typeof outputs)[number];

export { registryLoginProblems as check } from '@delivery/core/action/common-inputs';

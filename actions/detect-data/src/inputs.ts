import {
  clusterInputs,
  commonInputs,
  registryInputs,
  registryLoginProblems,
} from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { boolean, duration, name, optional } from '@delivery/core/action/readers';
import { dataNameForm, parseDataName } from '@delivery/core/domain/data-directory';
import type { Problem } from '@delivery/core/errors/errors';
import { payload } from './payload.ts';

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  image: name('loader'),
  root: optional('an absolute path', (text) => (/^\/[^\0]{0,4094}$/.test(text) ? text : undefined), undefined),
  'data-origin': optional(dataNameForm, parseDataName, undefined),
  force: boolean(false),
  payload,
  project: name('test'),
  timeout: duration(5 * 60_000),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'data-origin', 'new', 'request-id'] as const;

export type Output = (typeof outputs)[number];

export function check(given: Inputs): readonly Problem[] {
  const twice = given.payload !== undefined && given['data-origin'] !== undefined;
  return [
    ...registryLoginProblems(given),
    ...(twice ? [{ field: 'payload', message: 'is given together with data-origin: it says that itself' }] : []),
  ];
}

import { commonInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { boolean, duration, optional, required } from '@delivery/core/action/readers';
import type { Problem } from '@delivery/core/errors/errors';
import { payload, payloadProblems } from './payload.ts';

const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : undefined);

export const inputs = {
  ...commonInputs,
  repository: required(
    'a repository, owner/name',
    matching(/^[A-Za-z\d](?:[A-Za-z\d-]{0,37}[A-Za-z\d])?\/(?!\.{1,2}$)[\w.-]{1,100}$/),
  ),
  'event-type': optional('a type of event, 1 to 100 characters', matching(/^[^\s\p{Cc}]{1,100}$/u), undefined),
  workflow: optional(
    'the file name of a workflow, such as loader-image.yml, or its id',
    matching(/^(?:[1-9]\d{0,14}|\w[\w.-]{0,99}\.ya?ml)$/),
    undefined,
  ),
  ref: optional('a branch or tag', matching(/^(?![-/.])[^\s\p{Cc}~^:?*[\\]{1,255}$/u), 'main'),
  payload,
  wait: boolean(true),
  timeout: duration(60 * 60_000),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'run-id', 'run-url', 'conclusion'] as const;

export type Output = (typeof outputs)[number];

export function check(given: Inputs): readonly Problem[] {
  const problems: Problem[] = [];
  if ((given['event-type'] === undefined) === (given.workflow === undefined))
    problems.push({ field: 'event-type', message: 'or workflow is given, one of the two' });
  else problems.push(...payloadProblems(given.payload, given.workflow !== undefined));
  if (given['github-token'] === '')
    problems.push({
      field: 'github-token',
      message: `is required: give a token that may start runs of the repository`,
    });
  return problems;
}

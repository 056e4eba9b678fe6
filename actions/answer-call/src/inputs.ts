import { commonInputs } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { optional, required, text } from '@delivery/core/action/readers';
import { parseRequestId, requestIdForm } from '@delivery/core/domain/request-id';
import type { Problem } from '@delivery/core/errors/errors';

export const states = ['pending', 'success', 'unstable', 'failure', 'skipped', 'cancelled'] as const;

export type CallState = (typeof states)[number];

const eventType = (given: string) => (/^[a-z][a-z-]{0,49}$/.test(given) ? given : undefined);

export const inputs = {
  ...commonInputs,
  'request-id': optional(requestIdForm, parseRequestId, undefined),
  state: required(`one of ${states.join(', ')}`, (given) => states.find((state) => state === given)),
  description: text(),
  'event-type': optional('an event type such as data-uploaded', eventType, 'data-uploaded'),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result'] as const;

export type Output = (typeof outputs)[number];

export function check(given: Inputs): readonly Problem[] {
  return given['request-id'] !== undefined && given['github-token'] === ''
    ? [{ field: 'github-token', message: 'is required: give a token with "statuses: write"' }]
    : [];
}

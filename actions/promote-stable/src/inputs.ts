import {
  clusterInputs,
  commonInputs,
  registryInputs,
  registryLoginProblems,
} from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { boolean, duration, name, names, oneOf, optional } from '@delivery/core/action/readers';
import { parsePromotionSelector, promotionSelectorForm } from '@delivery/core/domain/build-selector';
import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import { parseVersion, versionForm } from '@delivery/core/domain/version';
import type { Problem } from '@delivery/core/errors/errors';
import { maxReason, payload } from './payload.ts';

const reasonForm = `a text of at most ${maxReason} characters`;

/** What has to be stable still. */
function parseExpected(text: string): Digest | 'none' | undefined {
  return text === 'none' || isDigest(text) ? text : undefined;
}

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  ...clusterInputs,
  image: name('web'),
  build: optional(promotionSelectorForm, parsePromotionSelector, undefined),
  version: optional(versionForm, parseVersion, undefined),
  reason: optional(reasonForm, (text) => (text.length <= maxReason ? text : undefined), ''),
  project: names(),
  'expect-stable': optional('sha256: and 64 hex digits, or none', parseExpected, undefined),
  'require-tested': boolean(true),
  'backup-first': oneOf(['auto', 'true', 'false'], 'auto'),
  force: boolean(false),
  timeout: duration(15 * 60_000),
  'on-failure': oneOf(['rollback', 'leave'], 'rollback'),
  'on-running': oneOf(['unstable', 'wait', 'fail'], 'unstable'),
  payload,
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = [
  'result',
  'image',
  'digest',
  'previous-digest',
  'direction',
  'version',
  'projects',
  'backups',
  'reason',
] as const;

export type Output = (typeof outputs)[number];

export function check(given: Inputs): readonly Problem[] {
  const problems: Problem[] = [...registryLoginProblems(given)];
  const { payload: call } = given;
  if (call && (given.build !== undefined || given.version !== undefined))
    problems.push({ field: 'payload', message: 'is given together with build or version: it says them itself' });
  if ((call ? call.build : given.build) === undefined) {
    const field = call ? 'payload' : 'build';
    const where = call ? 'has no "build"' : 'is required';
    problems.push({ field, message: `${where}: give ${promotionSelectorForm}` });
  }
  return problems;
}

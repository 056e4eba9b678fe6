import { commonInputs, registryInputs, registryLoginProblems } from '@delivery/core/action/common-inputs';
import type { InputsOf } from '@delivery/core/action/inputs';
import { lines, oneOf, optional, pairs, secret } from '@delivery/core/action/readers';
import { quoted } from '@delivery/core/domain/delivery/found';
import type { BuildNumber } from '@delivery/core/domain/build';
import {
  buildNumberLabel,
  createdLabel,
  parseBuildNumber,
  revisionLabel,
  sourceLabel,
  versionLabel,
} from '@delivery/core/domain/build';
import type { Problem } from '@delivery/core/errors/errors';

/** Where the number of a build comes from. */
export type NumberChoice =
  { readonly kind: 'run' } | { readonly kind: 'next' } | { readonly kind: 'given'; readonly number: BuildNumber };

function parseNumberChoice(text: string): NumberChoice | undefined {
  if (text === 'next') return { kind: 'next' };
  const number = parseBuildNumber(text);
  return number === undefined ? undefined : { kind: 'given', number };
}

export const inputs = {
  ...commonInputs,
  ...registryInputs,
  image: optional('a name of delivery.yaml', (text) => (/^[\w.-]{1,63}$/.test(text) ? text : undefined), 'web'),
  'build-number': optional('a build number such as 412, or next', parseNumberChoice, { kind: 'run' } as const),
  'build-number-offset': optional(
    'a whole number from 0 to 999999999',
    (text) => (text === '0' ? 0 : parseBuildNumber(text)),
    0,
  ),
  builder: oneOf(['auto', 'docker', 'buildah', 'podman'], 'auto'),
  platforms: lines(),
  'build-args': pairs(/^[A-Za-z_]\w{0,127}$/, 'NAME=value with a name of letters, digits and _'),
  labels: pairs(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/, 'name=value with a name of letters, digits and . _ / -'),
  secrets: secret(pairs(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'id=value with an id of letters, digits and . _ -')),
  'cache-from': lines(),
  'cache-to': lines(),
} as const;

export type Inputs = InputsOf<typeof inputs>;

export const outputs = ['result', 'digest', 'reference', 'build-number', 'tags', 'moved-latest'] as const;

export type Output = (typeof outputs)[number];

/** Build arguments that every build gets. */
export const buildNumberArgument = 'BUILD_NUMBER';
export const commitArgument = 'GIT_SHA';

const ownLabels = [buildNumberLabel, revisionLabel, sourceLabel, createdLabel, versionLabel];
const platformPattern = /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/;

/** Whether the inputs fit together. */
export function check(given: Inputs): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = (field: keyof Inputs, message: string) => problems.push({ field, message });
  if (given['build-number-offset'] > 0 && given['build-number'].kind !== 'run') {
    wrong('build-number-offset', 'is added to the number of the run: leave it out when build-number is given');
  }
  problems.push(...registryLoginProblems(given));
  for (const platform of given.platforms) {
    if (!platformPattern.test(platform))
      wrong('platforms', `${quoted(platform)} is not a platform such as linux/amd64`);
  }
  for (const name of [buildNumberArgument, commitArgument]) {
    if (given['build-args'].has(name)) wrong('build-args', `${name} is set by the action: leave it out`);
  }
  for (const name of ownLabels) {
    if (given.labels.has(name)) wrong('labels', `${name} is set by the action: leave it out`);
  }
  return problems;
}

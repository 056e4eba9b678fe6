import type { Problem } from '../errors/errors.ts';
import type { InputsOf } from './inputs.ts';
import { boolean, oneOf, secret, text } from './readers.ts';

/** What every action takes. */
export const commonInputs = {
  config: text(),
  'dry-run': boolean(false),
  'unstable-is': oneOf(['success', 'failure'], 'success'),
  'neutral-check': boolean(false),
  summary: boolean(true),
  'github-token': secret(text()),
} as const;

/** What actions take that speak to a registry. Default: the docker or podman login of the runner. */
export const registryInputs = {
  'registry-username': text(),
  'registry-password': secret(text()),
} as const;

/** What is wrong with the two of them together. */
export function registryLoginProblems(given: InputsOf<typeof registryInputs>): readonly Problem[] {
  const { 'registry-username': username, 'registry-password': password } = given;
  // RFC 7617, section 2: the first colon ends the name.
  if (username.includes(':')) return [{ field: 'registry-username', message: 'may not hold a colon' }];
  if ((username === '') === (password === '')) return [];
  return [{ field: 'registry-username', message: 'and registry-password are given both or neither' }];
}

/**
 * What actions take that speak to a cluster: the content of a kubeconfig (default: KUBECONFIG or the pod's own account), or `oidc`:
 * GitHub's own token, for a cluster of delivery.yaml that trusts it (docs/oidc.md).
 */
export const clusterInputs = {
  'cluster-auth': oneOf(['kubeconfig', 'oidc'], 'kubeconfig'),
  kubeconfig: secret(text()),
} as const;

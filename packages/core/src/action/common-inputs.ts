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

/** What actions take that speak to a cluster: the content of a kubeconfig. Default: KUBECONFIG or the pod's own account. */
export const clusterInputs = {
  kubeconfig: secret(text()),
} as const;

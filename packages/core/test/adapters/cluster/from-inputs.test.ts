import { saysHowToConnect } from '../../../src/adapters/cluster/from-inputs.ts';

const nothing = { 'cluster-auth': 'kubeconfig', kubeconfig: '' } as const;

it.each([
  ['nothing', nothing, {}, false],
  ['a kubeconfig', { ...nothing, kubeconfig: '{}' }, {}, true],
  ['a kubeconfig of blanks, which is none', { ...nothing, kubeconfig: ' \n' }, {}, false],
  ['KUBECONFIG', nothing, { KUBECONFIG: '/home/me/.kube/config' }, true],
  ['a KUBECONFIG without a file', nothing, { KUBECONFIG: '::' }, false],
  ['a service account', nothing, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, true],
  ['cluster-auth: oidc', { ...nothing, 'cluster-auth': 'oidc' } as const, {}, true],
])('says whether there is a way to a cluster: %s', (_, given, env, expected) => {
  expect(saysHowToConnect(given, env)).toBe(expected);
});

import { readFileSync } from 'node:fs';
import type { GroundState } from '../ground/state.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * A kubeconfig of the account that deliveries run under: examples/stack/deploy/deployer.yaml has its rights, exactly those
 * that the READMEs of the actions name. RBAC is on, so a missing one is seen.
 */
export async function deployerKubeconfig(state: GroundState, kubectl: Kubectl, namespace: string): Promise<string> {
  const token = await kubectl.run(['-n', namespace, 'create', 'token', 'deployer', '--duration=2h']);
  const { server, caPath } = state.cluster;
  const authority =
    caPath === undefined ? {} : { 'certificate-authority-data': readFileSync(caPath).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'ground',
    clusters: [{ name: 'ground', cluster: { server, ...authority } }],
    users: [{ name: 'deployer', user: { token: token.trim() } }],
    contexts: [{ name: 'ground', context: { cluster: 'ground', user: 'deployer', namespace } }],
  });
}

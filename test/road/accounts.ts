import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { Kubectl } from './kubectl.ts';

/** Where the accounts of the workflows are: deploy/projects/cicd. */
const cicd = 'fragalysis-cicd';

/** One for each callable workflow that speaks to a cluster. */
export const accounts = [
  'web-image',
  'loader-image',
  'promote',
  'prune-builds',
  'db-backup',
  'db-restore',
  'restore-drill',
] as const;

export type Account = (typeof accounts)[number];

/** The name of the secret that holds a workflow's kubeconfig in the repository of the stack. */
export function secretOf(account: Account): string {
  return `KUBECONFIG_${account.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * A kubeconfig for each account, as the secrets that the example's workflows take. What they may do the projects say, by the Roles
 * of deploy/components/access; RBAC is on, so a missing verb is seen.
 */
export async function accountSecrets(
  state: GroundState,
  namespace = cicd,
  which: readonly Account[] = accounts,
): Promise<Readonly<Record<string, string>>> {
  const entries = which.map(
    async (account) => [secretOf(account), await accountKubeconfig(state, namespace, account)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

export async function accountToken(state: GroundState, namespace: string, account: string): Promise<string> {
  const token = await new Kubectl(state).run(['-n', namespace, 'create', 'token', account, '--duration=2h']);
  return token.trim();
}

export async function accountKubeconfig(state: GroundState, namespace: string, account: Account): Promise<string> {
  return tokenKubeconfig(state, account, await accountToken(state, namespace, account));
}

/** A kubeconfig of the ground's cluster for the bearer of a token. */
export function tokenKubeconfig(state: GroundState, user: string, token: string): string {
  const { server, caPath } = state.cluster;
  const authority =
    caPath === undefined ? {} : { 'certificate-authority-data': readFileSync(caPath).toString('base64') };
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'ground' },
    clusters: [{ name: 'ground', cluster: { server, ...authority } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'ground', context: { cluster: 'ground', user } }],
  });
}

/** Lets accounts of namespace `home`, which are made, do an action in a namespace of a test: by the very Role that is shipped. */
export async function grantAccess(
  kubectl: Kubectl,
  action: string,
  namespace: string,
  home: string = namespace,
): Promise<void> {
  const role = readFileSync(join(repositoryRoot, 'deploy/components/access', action, 'role.yaml'), 'utf8');
  const names = [...role.matchAll(/kind: ServiceAccount, name: ([\w-]+)/g)].map(([, name]) => name);
  await kubectl.apply(
    ...names.map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: home } })),
  );
  await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', '-'], role.replaceAll(cicd, home));
}

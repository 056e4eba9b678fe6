import { readFileSync } from 'node:fs';
import type { GroundState } from '../ground/state.ts';

export function secret(
  namespace: string,
  name: string,
  stringData: Readonly<Record<string, string>>,
  type = 'Opaque',
): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, stringData };
}

/** What pods of a namespace pull with: the logins of the ground's registries. */
export function pullSecret({ registryLogins }: GroundState, namespace: string, name = 'registry'): object {
  const logins = { '.dockerconfigjson': readFileSync(registryLogins, 'utf8') };
  return secret(namespace, name, logins, 'kubernetes.io/dockerconfigjson');
}

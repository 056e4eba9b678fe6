import type { Right } from '@delivery/core/domain/rights';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../ground/settings.ts';

interface Manifest {
  readonly kind: string;
  readonly rules?: readonly Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>[];
}

const access = join(repositoryRoot, 'deploy/components/access');
const fileOf = (component: string): string => join(access, component, 'role.yaml');

/** The actions that have a component there. */
export function shippedActions(): readonly string[] {
  return readdirSync(access).filter((one) => existsSync(fileOf(one)) && shippedRights(one).length > 0);
}

/** What the Role of a component of deploy/components/access gives; nothing where it only binds another one's. */
export function shippedRights(component: string): readonly Right[] {
  const documents = parseAllDocuments(readFileSync(fileOf(component), 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );
  const rules = documents.flatMap((document) => (document.kind === 'Role' ? (document.rules ?? []) : []));
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb: verb as Right['verb'] }))),
    ),
  );
}

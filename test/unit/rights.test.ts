import type { Need, Right } from '@delivery/core/domain/rights';
import { distinctRights } from '@delivery/core/domain/rights';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { Project } from '@delivery/core/domain/topology';
import type { WorkloadKind } from '@delivery/core/domain/workload';
import { newBackup, newProject } from '@delivery/testing/new-project';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import * as dbBackup from '../../actions/db-backup/src/rights.ts';
import * as dbRestore from '../../actions/db-restore/src/rights.ts';
import * as deployTest from '../../actions/deploy-test/src/rights.ts';
import * as detectData from '../../actions/detect-data/src/rights.ts';
import * as launchLoader from '../../actions/launch-loader/src/rights.ts';
import * as listBuilds from '../../actions/list-builds/src/rights.ts';
import * as promoteStable from '../../actions/promote-stable/src/rights.ts';
import * as pruneBuilds from '../../actions/prune-builds/src/rights.ts';
import { repositoryRoot } from '../ground/settings.ts';

const job = { cronJob: 'loader', containers: undefined, timeoutMs: 1, succeeds: undefined };
const repository = parseRepository('registry.example.org/dev/web')!;
const runnings = ['wait', 'fail'] as const;
const ways = (['start', 'completion'] as const).flatMap((wait) =>
  runnings.map((running) => ({ wait, 'on-running': running })),
);

/** Everything that an action ever asks for, over all its choices, in a project that has all that a topology may have. */
function declared(...kinds: readonly WorkloadKind[]): Readonly<Record<string, readonly Need[]>> {
  const workloads = kinds.map((kind) => ({ kind, name: 'web', containers: ['web'] }));
  const project: Project = newProject('any', {
    workloads: { web: workloads },
    jobs: { loader: job },
    data: { cronJob: 'look' },
    database: { backup: newBackup(), restore: undefined, mask: {} },
  });
  const topology = { images: {}, projects: { any: project } };
  const [aim, place] = [
    { project, image: 'web', repository, workloads },
    { project, job },
  ];
  return {
    'deploy-test': deployTest.needsOf(aim, { 'dry-run': false }),
    'launch-loader': ways.flatMap((way) => launchLoader.needsOf([place], way)),
    'detect-data': detectData.needsOf(project),
    'promote-stable': runnings.flatMap((running) =>
      promoteStable.needsOf({ aims: [aim], places: [place] }, { projects: [project] }, { 'on-running': running }),
    ),
    'list-builds': listBuilds.needsOf(topology, 'web'),
    'prune-builds': pruneBuilds.needsOf(topology),
    'db-backup': ways.flatMap((way) => dbBackup.needsOf([project], way)),
    'db-restore': runnings.flatMap((running) =>
      dbRestore.needsOf({ target: project }, { 'on-running': running }, true),
    ),
  };
}

type Rule = Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules: readonly Rule[];
  readonly roleRef: { readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

const access = join(repositoryRoot, 'deploy/components/access');

const manifests = readdirSync(access)
  .map((component) => join(access, component, 'role.yaml'))
  .filter((file) => existsSync(file))
  .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest));

function rightsOf(rules: readonly Rule[]): readonly Right[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb: verb as Right['verb'] }))),
    ),
  );
}

/** What component `openshift` adds to the Roles of others. */
function addedOnOpenShift(name: string): readonly Rule[] {
  interface Component {
    readonly patches: readonly { readonly target: { readonly name: string }; readonly patch: string }[];
  }
  const { patches } = parse(readFileSync(join(access, 'openshift/kustomization.yaml'), 'utf8')) as Component;
  const ours = patches.filter(({ target }) => new RegExp(`^(?:${target.name})$`).test(name));
  return ours.flatMap(({ patch }) => (parse(patch) as { value: Rule }[]).map(({ value }) => value));
}

const roles = manifests
  .filter(({ kind }) => kind === 'Role')
  .map(({ metadata: { name }, rules }) => [name, rules] as const);

/** A shipped Role knows no names of objects. */
const asked = (needs: readonly Need[] = []) =>
  distinctRights(needs.flatMap(({ rights }) => rights)).map(({ group, resource, verb }) => ({ group, resource, verb }));

describe('the Roles that are shipped', () => {
  const plain = declared('Deployment', 'StatefulSet');
  const openShift = declared('Deployment', 'StatefulSet', 'DeploymentConfig');

  it('are one for each action that speaks to a cluster', () => {
    expect(roles.map(([name]) => name).sort()).toEqual(Object.keys(plain).sort());
  });

  it.each(roles)('give %s exactly what it asks for, no verb more and none twice', (name, rules) => {
    const given = rightsOf(rules);
    expect(distinctRights(given)).toEqual(asked(plain[name]));
    expect(given).toHaveLength(distinctRights(given).length);
  });

  it.each(roles)('give %s on OpenShift exactly what a DeploymentConfig takes besides', (name, rules) => {
    expect(distinctRights(rightsOf([...rules, ...addedOnOpenShift(name)]))).toEqual(asked(openShift[name]));
  });

  it.each(roles)('hold no wildcard and no Secret: %s', (name, rules) => {
    const words = rightsOf([...rules, ...addedOnOpenShift(name)]).flatMap(Object.values);
    for (const word of ['*', 'secrets', 'configmaps']) expect(words).not.toContain(word);
  });
});

describe('the bindings that are shipped', () => {
  const accounts = parseAllDocuments(readFileSync(join(repositoryRoot, 'deploy/projects/cicd/accounts.yaml'), 'utf8'))
    .map((document) => document.toJS() as Manifest)
    .map(({ metadata }) => metadata.name);
  const bindings = manifests.filter(({ kind }) => kind === 'RoleBinding');

  it('name accounts of cicd alone, each also as the group that its workflow has by OIDC', () => {
    for (const { subjects } of bindings) {
      const named = subjects.filter(({ kind }) => kind === 'ServiceAccount');
      for (const { name, namespace } of named) {
        expect(accounts).toContain(name);
        expect(namespace).toBe('fragalysis-cicd');
      }
      const groups = subjects.filter(({ kind }) => kind === 'Group').map(({ name }) => name);
      expect(groups).toEqual(named.map(({ name }) => `delivery:${name}`));
    }
  });

  it.each(accounts)('let the workflow %s do only the actions that it uses', (account) => {
    const workflow = readFileSync(join(repositoryRoot, `.github/workflows/${account}.yml`), 'utf8');
    const used = new Set([...workflow.matchAll(/\/actions\/([\w-]+)@/g)].map(([, action]) => action));
    const bound = bindings.filter(({ subjects }) => subjects.some(({ name }) => name === account));
    expect(bound.length).toBeGreaterThan(0);
    for (const { roleRef } of bound) expect(used).toContain(roleRef.name);
  });
});

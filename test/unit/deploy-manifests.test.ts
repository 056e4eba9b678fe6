import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kustomization } from './deploy-tree.ts';
import { deploy, objectsIn, partsOf, partsOfProject, projectNames, read } from './deploy-tree.ts';

// What the API server makes of them is seen in test/e2e/overlays.test.ts.

interface Resource {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

const kustomization = (project: string) =>
  read(join(deploy, 'projects', project, 'kustomization.yaml')) as Kustomization;
const resources = (project: string) => (partsOfProject(project) as Resource[]).filter((part) => 'kind' in part);
const namesOf = (project: string, kind: string) =>
  resources(project).flatMap((part) => (part.kind === kind ? part.metadata.name : []));
const containers = (project: string) =>
  objectsIn(partsOfProject(project)).flatMap((part) => (part['containers'] as Container[] | undefined) ?? []);
const namespaceOf = (project: string) => resources(project).find(({ kind }) => kind === 'Namespace')!;

const stacks = ['development', 'production', 'ric', 'staging', 'test'];
const withNamespace = projectNames.filter((name) => name !== 'certificates');

it('has every project of the domain', () => {
  expect(projectNames).toEqual([
    'certificates',
    'cicd',
    ...stacks.slice(0, 1),
    'graph-1',
    'graph-2',
    ...stacks.slice(1),
  ]);
});

it.each([
  ['cicd', 'fragalysis-cicd'],
  ['development', 'fragalysis-development'],
  ['production', 'fragalysis-prod'],
  ['ric', 'fragalysis-ric'],
  ['staging', 'fragalysis-stag'],
  ['test', 'fragalysis-dev'],
])('%s is the namespace %s of the old system', (project, namespace) => {
  expect(kustomization(project).namespace).toBe(namespace);
  expect(namespaceOf(project).metadata.name).toBe(namespace);
});

it.each(withNamespace)('%s enforces Pod Security restricted', (project) => {
  expect(namespaceOf(project).metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  });
});

it.each(stacks)('%s has the names of the old system, so that it can be taken over', (project) => {
  expect(namesOf(project, 'Deployment')).toEqual(['web', 'beat']);
  expect(namesOf(project, 'StatefulSet')).toEqual(['worker', 'mysql']);
  const claims = namesOf(project, 'PersistentVolumeClaim');
  expect(claims).toEqual(expect.arrayContaining(['fs-web-media-claim', 'fs-mysql-data-claim', 'fs-input-claim']));
  const mounts = objectsIn(partsOfProject(project)).map(({ mountPath }) => mountPath);
  expect(mounts).toEqual(expect.arrayContaining(['/code/media', '/fragalysis', '/var/lib/mysql']));
});

it.each(stacks)('%s names no image of web, so the delivery owns that field', (project) => {
  const ofTheStack = containers(project).filter(({ name }) => ['web', 'worker', 'beat'].includes(name));
  expect(ofTheStack.map(({ image }) => image)).toEqual([undefined, undefined, undefined]);
});

it.each(projectNames)('every container of %s says what it asks for and how much memory it may take', (project) => {
  for (const { resources: asked } of containers(project)) {
    expect(Object.keys(asked?.requests ?? {}).sort()).toEqual(['cpu', 'memory']);
    expect(asked?.limits).toHaveProperty('memory');
  }
});

it('fixes a user only where an image has root for its own', () => {
  const fixed = projectNames.flatMap((project) =>
    resources(project).filter((part) => JSON.stringify(part).includes('runAsUser')),
  );
  expect([...new Set(fixed.map(({ metadata }) => metadata.name))].sort()).toEqual([
    'graph',
    'load-example-graph',
    'mysql',
  ]);
});

it.each([
  ['test', ['deploy-test', 'launch-loader', 'detect-data', 'list-builds', 'prune-builds', 'db-backup']],
  ['development', ['deploy-test', 'list-builds', 'prune-builds']],
  ['production', ['launch-loader', 'promote-stable', 'list-builds', 'prune-builds', 'db-backup', 'db-restore']],
  ['ric', ['launch-loader', 'promote-stable', 'list-builds', 'prune-builds']],
  ['staging', ['db-restore', 'restore-drill', 'prune-builds']],
  ['graph-1', []],
  ['graph-2', []],
])('%s lets in %j and no other action', (project, actions) => {
  const { components = [] } = kustomization(project);
  const access = components.filter((path) => path.includes('/access/'));
  expect(access).toEqual(actions.map((action) => `../../components/access/${action}`));
});

it('has a certificate for the host of every project with a stack', () => {
  const certificates = partsOfProject('certificates').filter(
    (part) => (part as Resource).kind === 'Certificate',
  ) as (Resource & { metadata: { namespace: string }; spec: { dnsNames: string[] } })[];
  expect(certificates.map(({ metadata, spec }) => [metadata.namespace, ...spec.dnsNames])).toEqual(
    [...stacks.slice(-1), ...stacks.slice(0, -1)].map((project) => {
      const { name, annotations } = namespaceOf(project).metadata;
      return [name, annotations?.['host']];
    }),
  );
});

it('names no address of this machine, and its own images only by a registry to be replaced', () => {
  for (const folder of [...projectNames.map((name) => `projects/${name}`), ...stacks.map((name) => `first/${name}`)])
    expect(JSON.stringify(partsOf(join(deploy, folder)))).not.toMatch(/127\.0\.0\.1|localhost/);
});

describe.each(stacks.filter((name) => name !== 'development'))('the example’s overlay of %s', (project) => {
  const example = join(deploy, '../examples/stack/deploy', project);

  it('says nothing twice: it is the project, and what is the ground’s own', () => {
    expect(readdirSync(example)).toEqual(['kustomization.yaml']);
    expect(read(join(example, 'kustomization.yaml'))).toMatchObject({
      namespace: kustomization(project).namespace,
      resources: [`../../../../deploy/projects/${project}`],
      components: ['../ground'],
    });
  });
});

import { parseTopology } from '../../../src/domain/delivery/parse.ts';
import { backupsOf, pickCluster, pickImage, pickProject, workloadsOf } from '../../../src/domain/delivery/pick.ts';
import { problemsOf } from './problems-of.ts';

const topology = parseTopology(
  `
images:
  web: {repository: registry.example.org/dev/web}
  loader: {repository: registry.example.org/dev/loader}
projects:
  test:
    namespace: dev
    follows: latest
    workloads: {web: [{kind: Deployment, name: web, container: web}]}
    database: {backup: {maxAge: 2h}}
  graph: {namespace: graph, follows: latest, database: {restore: {}}}
  ric:
    namespace: ric
    follows: latest
    workloads: {web: [{kind: StatefulSet, name: stack, container: web}]}
`,
  'delivery.yaml',
);

test('gives the image and the project of a name', () => {
  expect(pickImage(topology, 'web').name).toBe('web');
  expect(pickProject(topology, 'graph').namespace).toBe('graph');
});

test('names the nearest and all that there are', () => {
  expect(problemsOf(() => pickImage(topology, 'wbe'))).toEqual([
    'image: "wbe" is not an image of delivery.yaml; did you mean "web"?; known are web, loader',
  ]);
  expect(problemsOf(() => pickProject(topology, 'production', 'projects'))).toEqual([
    'projects: "production" is not a project of delivery.yaml; known are test, graph, ric',
  ]);
});

test.each(['constructor', '__proto__', 'toString', ''])('finds nothing under %s', (name) => {
  expect(problemsOf(() => pickProject(topology, name))).toHaveLength(1);
});

test('says when the file has no projects', () => {
  const images = { images: topology.images, projects: {} };
  expect(problemsOf(() => pickProject(images, 'test'))).toEqual([
    'project: "test" is not a project of delivery.yaml; it has none',
  ]);
});

test('tells where an image runs, in the order of the file', () => {
  expect(workloadsOf(topology, 'web').map(({ project, workloads }) => [project.name, workloads[0]?.name])).toEqual([
    ['test', 'web'],
    ['ric', 'stack'],
  ]);
  expect(workloadsOf(topology, 'loader')).toEqual([]);
  expect(workloadsOf(topology, 'constructor')).toEqual([]);
});

test('tells what is backed up', () => {
  expect(backupsOf(topology).map(({ project, backup }) => [project.name, backup.maxAgeMs])).toEqual([
    ['test', 7_200_000],
  ]);
});

describe('the cluster of a project with cluster-auth: oidc', () => {
  const two = parseTopology(
    `
images:
  web: {repository: registry.example.org/dev/web}
clusters:
  here: {server: 'https://api.example.org:6443/'}
  there: {server: 'https://there.example.org/k8s', certificateAuthority: ca.pem, audience: delivery}
`,
    'delivery.yaml',
  );

  test('is the one that it names; its audience is its server as written when none is given', () => {
    expect(pickCluster(two, 'here')).toEqual({
      name: 'here',
      server: 'https://api.example.org:6443',
      certificateAuthority: undefined,
      audience: 'https://api.example.org:6443/',
    });
    const there = { name: 'there', server: 'https://there.example.org/k8s' };
    expect(pickCluster(two, 'there')).toEqual({ ...there, certificateAuthority: 'ca.pem', audience: 'delivery' });
  });

  test('is the only one when it names none', () => {
    const { there } = two.clusters ?? {};
    expect(pickCluster({ ...two, clusters: there ? { there } : {} }, undefined).name).toBe('there');
  });

  test.each([
    [two, undefined, 'cluster: is not given by a project, and delivery.yaml has several clusters: here, there'],
    [two, 'ther', 'cluster: "ther" is not a cluster of delivery.yaml; did you mean "there"?; known are here, there'],
    [two, 'constructor', 'cluster: "constructor" is not a cluster of delivery.yaml; known are here, there'],
    [topology, 'here', 'clusters: is not given in delivery.yaml, and cluster-auth: oidc needs it: docs/oidc.md'],
  ])('is told when it cannot be known', (given, name, told) => {
    expect(problemsOf(() => pickCluster(given, name))).toEqual([told]);
  });
});

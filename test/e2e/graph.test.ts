import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { GraphProject } from '../road/graph-project.ts';
import { GraphReader } from '../road/graph-reader.ts';

// Graph 1 with genuine Neo4j 3.4.5, and the example's fragment page in front of it.

const state = readState();
const page = '/fragments/?smiles=Oc1ccccc1';

let graph: GraphProject;
let reader: GraphReader;

beforeAll(async () => {
  graph = await GraphProject.prepare(state);
  reader = await GraphReader.start(state, graph.auth);
});

afterAll(async () => {
  await graph.labelNode('app');
  await Promise.all([graph.remove(), GraphReader.remove(state)]);
});

it('says in a sentence that the graph does not answer while there is none, and serves the other pages', async () => {
  expect(await reader.page(page)).toMatch(/^503 [^]*<p>No fragments now: the graph does not answer\./);
  expect(await reader.page('/version/')).toMatch(/^200 /);
});

it('is applied without a warning, runs Neo4j 3.4.5 on the node for graphs, and loads the example', async () => {
  await graph.labelNode('app');
  await graph.apply();
  expect(await unscheduled()).toContain("node(s) didn't match Pod's node affinity/selector");
  await graph.labelNode('graph');
  await graph.ready();
  expect(await graph.loaded()).toBe('loaded: the graph has 11 molecules and 15 edges');
  expect(await reader.ask('CALL dbms.components() YIELD versions RETURN versions')).toBe('[{"versions": ["3.4.5"]}]');
});

it('shows the neighbours of a molecule', async () => {
  const shown = await reader.page(page);
  expect(shown).toMatch(/^200 /);
  const rows = [...shown.matchAll(/<td><a href="[^"]*">([^<]*)<\/a><\/td>\s*<td>([^<]*)<\/td>\s*<td>([^<]*)<\/td>/g)];
  expect(rows.map(([, ...cells]) => cells)).toEqual([
    ['c1ccccc1', 'minus FG|O[Xe]', ''],
    ['NC(=O)c1ccc(O)cc1', 'plus FG|NC(=O)[Xe]', 'EXAMPLE:3'],
    ['Nc1ccc(O)cc1', 'plus FG|N[Xe]', 'EXAMPLE:6'],
    ['Oc1ccc(-c2ccccc2)cc1', 'plus RING|[Xe]c1ccccc1', 'EXAMPLE:1'],
  ]);
});

it('runs as a user that the image does not know and writes nowhere but where it should', async () => {
  const script = `id -u; for folder in / /var/lib/neo4j /var/lib/neo4j/lib /etc /data /logs /tmp; do
    touch "$folder/x" 2>/dev/null && rm "$folder/x" && echo "wrote $folder"; done; true`;
  expect((await graph.shell(script)).trim().split('\n')).toEqual(['1001', 'wrote /data', 'wrote /logs', 'wrote /tmp']);
});

it('is the same after the example was loaded twice, and differs in nothing from its manifests', async () => {
  expect(await graph.loadAgain()).toBe('loaded: the graph has 11 molecules and 15 edges');
  expect(await graph.diff()).toBe('');
});

it('keeps data and password when its pod is replaced', async () => {
  const before = await reader.page(page);
  await reader.ask('CREATE (:Kept)');
  await graph.restart();
  expect(await reader.page(page)).toBe(before);
  expect(await reader.ask('MATCH (kept:Kept) RETURN count(kept) AS kept')).toBe('[{"kept": 1}]');
});

it('refuses a wrong password, and none, and prints the right one nowhere', async () => {
  expect(await reader.ask('RETURN 1', 'wrong')).toBe('the graph refused the login');
  const [, password = ''] = graph.auth.split('/');
  const seen = `${await graph.log()} ${await graph.shell('cat /var/lib/neo4j/conf/neo4j.conf /logs/*; ls /tmp; cat /proc/*/cmdline')}`;
  expect(seen).toContain('Neo4j 3.4.5');
  expect(seen).not.toContain(password);
});

it('has a project for the MolPort graph that is admitted without a warning', async () => {
  const project = join(repositoryRoot, 'deploy/projects/graph-2');
  await graph.kubectl.run(['apply', '--server-side', '-f', join(project, 'namespace.yaml')]);
  try {
    const options = ['--server-side', '--dry-run=server', '--warnings-as-errors'];
    expect(await graph.kubectl.run(['apply', ...options, '-k', project])).toContain('statefulset.apps/graph');
  } finally {
    await graph.kubectl.removeNamespace('fragalysis-graph-2');
  }
});

/** Why the pod of the graph is on no node. */
async function unscheduled(): Promise<string> {
  const { kubectl, namespace } = graph;
  const waiting = ['wait', 'pod/graph-0', '--for=condition=PodScheduled=False', '--timeout=30s'];
  await kubectl.run(['-n', namespace, 'wait', 'pod/graph-0', '--for=create', '--timeout=30s']);
  await kubectl.run(['-n', namespace, ...waiting]);
  const { status } = await kubectl.get<{ status: { conditions: { message?: string }[] } }>(namespace, 'pod', 'graph-0');
  return status.conditions.map(({ message }) => message ?? '').join();
}

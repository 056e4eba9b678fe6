import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, run } from '../ground/commands.ts';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { Kubectl } from '../road/kubectl.ts';
import { pullSecret } from '../road/secret.ts';

// Every overlay, applied to a real API server. That the stacks run is seen on the roads, which begin with the same overlays.

const state = readState();
const kubectl = new Kubectl(state);
const certManager = 'github.com/cert-manager/cert-manager@v1.21.2';
/** The label that places pods, on the ground's one node: a pool of nodes at a time. */
const label = (purpose: string) => kubectl.run(['label', 'nodes', '--all', '--overwrite', purpose]);

const overlaysBelow = (folder: string) =>
  readdirSync(join(repositoryRoot, folder))
    .map((name) => join(folder, name))
    .filter((path) => /^kind: Kustomization$/m.test(kustomizationOf(path)));

function kustomizationOf(path: string): string {
  const file = join(repositoryRoot, path, 'kustomization.yaml');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const at = (overlay: string) => join(repositoryRoot, overlay);
const firstOf = (overlay: string) =>
  overlay.replace(/^deploy\/projects\//, 'deploy/first/').replace(/(stack\/deploy)\//, '$1/first/');

/** With everything that the server checks: unknown fields, and warnings, Pod Security's among them, are errors. */
const apply = (overlay: string) =>
  kubectl.run(['apply', '--server-side', '--validate=strict', '--warnings-as-errors', '-k', at(overlay)]);

/** Ends with 1 when something differs, and says what. */
const diff = (overlay: string) => kubectl.run(['diff', '--server-side', '-k', at(overlay)]);

async function namespacesOf(overlays: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(overlays.map((overlay) => kubectl.run(['kustomize', at(overlay)])));
  const found = texts.flatMap((text) => [...text.matchAll(/^ {2}namespace: (fragalysis-\S+)$/gm)]);
  return [...new Set(found.map(([, name = '']) => name))];
}

async function removeNamespaces(names: readonly string[]): Promise<void> {
  await kubectl.run(['delete', 'namespace', '--ignore-not-found', '--timeout=90s', ...names]);
}

interface Workloads {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { image: string }[] } } };
  }[];
}

interface CronJob {
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly metadata: object;
          readonly spec: { readonly containers: readonly [{ readonly securityContext: object }] };
        };
      };
    };
  };
}

interface Named {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

interface Generation {
  readonly metadata: { readonly generation: number };
}

const stackOf = (namespace: string) => kubectl.get<Workloads>(namespace, 'deployment,statefulset', '-l', 'image=web');

/** As deploy-test does, a manager of its own sets the image of all three workloads. */
async function deliver(namespace: string, image: string): Promise<void> {
  const options = ['-n', namespace, 'set', 'image', '--field-manager=delivery', '-l', 'image=web'];
  await kubectl.run([...options, 'deployment,statefulset', `*=${image}`]);
}

/** cert-manager itself is not here; its definitions are, so that the API server checks what it would be given. */
async function defineCertificates(): Promise<string[]> {
  if ((await kubectl.run(['get', 'crd', 'certificates.cert-manager.io', '--ignore-not-found'])) !== '') return [];
  const go = findProgram('go', ['/usr/local/go/bin']) ?? 'go';
  const { Dir } = JSON.parse(await run(go, ['mod', 'download', '-json', certManager])) as { Dir: string };
  const files = ['certificates', 'clusterissuers'].map((name) => join(Dir, `deploy/crds/cert-manager.io_${name}.yaml`));
  const given = files.flatMap((file) => ['-f', file]);
  await kubectl.run(['apply', '--server-side', ...given]);
  await kubectl.run(['wait', '--for=condition=Established', '--timeout=30s', ...given]);
  return given;
}

describe.each(['deploy/projects', 'examples/stack/deploy'])('%s', (folder) => {
  const overlays = overlaysBelow(folder);
  const stacks = overlays.filter((overlay) => existsSync(at(firstOf(overlay))));
  // Certificates go into the namespaces of the stacks.
  const others = overlays.filter((overlay) => !stacks.includes(overlay)).sort();
  let definitions: string[] = [];
  let namespaces: string[] = [];

  beforeAll(async () => {
    // Without a node to run on, pods are soon gone.
    await label('purpose-');
    namespaces = await namespacesOf(overlays);
    await removeNamespaces(namespaces);
    if (overlays.some((overlay) => overlay.endsWith('/certificates'))) definitions = await defineCertificates();
  });

  afterAll(async () => {
    if (definitions.length > 0) await kubectl.run(['delete', '--ignore-not-found', ...definitions]);
    await removeNamespaces(namespaces);
  });

  it.each(stacks)('%s is applied without a warning, to a new project and to one with a delivery', async (overlay) => {
    const [namespace = ''] = await namespacesOf([overlay]);
    await apply(firstOf(overlay));
    const delivered = 'registry.example.org/fragalysis-dev/web-stream:latest-2';
    await deliver(namespace, delivered);
    await apply(overlay);
    const { items } = await stackOf(namespace);
    const images = items.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image));
    expect(images).toEqual([delivered, delivered, delivered]);
  });

  it.each(others)('%s is applied without a warning', async (overlay) => {
    await apply(overlay);
  });

  it.each([...stacks, ...others])('%s is what is there: kubectl diff has nothing to say', async (overlay) => {
    expect(await diff(overlay)).toBe('');
  });
});

describe('a project of the example', () => {
  const overlay = 'examples/stack/deploy/test';
  const namespace = 'fragalysis-dev';
  const wait = (what: string, condition: string, ...more: readonly string[]) =>
    kubectl.run(['-n', namespace, 'wait', what, `--for=${condition}`, '--timeout=60s', ...more]);

  beforeAll(() => removeNamespaces([namespace]));

  afterAll(async () => {
    await label('purpose-');
    await removeNamespaces([namespace]);
  });

  it('waits for a node of its purpose, and runs nowhere else', async () => {
    await label('purpose=graph');
    await apply(firstOf(overlay));
    await wait('pod', 'condition=PodScheduled=false', '-l', 'app=beat');
    await label('purpose=app');
    await wait('pod', 'condition=PodScheduled', '-l', 'app=beat');
  });

  it('lets nobody drain the node of a load that runs, and raises no alarm while none does', async () => {
    // The alert of OpenShift is currentHealthy < desiredHealthy.
    await wait('pdb/loader', 'jsonpath={.status.desiredHealthy}=0');
    const cronJob = await kubectl.get<CronJob>(namespace, 'cronjob', 'loader');
    const { metadata, spec } = cronJob.spec.jobTemplate.spec.template;
    const [container] = spec.containers;
    const { host } = state.registries.basic;
    // A load as it is, but for what it does and reads. Of a Job: the pods of other owners are counted otherwise.
    const sleeper = { ...container, image: `${host}/${state.images.busybox}`, command: ['sleep', '300'] };
    const securityContext = { ...sleeper.securityContext, runAsUser: 1001 };
    const containers = [{ ...sleeper, env: [], volumeMounts: [], securityContext }];
    const template = { metadata, spec: { ...spec, terminationGracePeriodSeconds: 1, volumes: [], containers } };
    await kubectl.apply(pullSecret(state, namespace, 'fs-registry-secrets'), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'a-load', namespace },
      spec: { template },
    });
    await wait('job/a-load', 'jsonpath={.status.ready}=1');
    const pods = await kubectl.get<Named>(namespace, 'pod', '-l', 'job-name=a-load');
    const name = pods.items[0]?.metadata.name ?? '';
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
    const evict = kubectl.run(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
    await expect(evict).rejects.toThrow("would violate the pod's disruption budget");
  });

  it('puts a database right that an earlier manifest has broken', async () => {
    const database = 'statefulset/mysql';
    const { host } = state.registries.basic;
    for (const tag of ['is-not-there', 'another']) {
      await kubectl.run(['-n', namespace, 'set', 'image', database, `mysql=${host}/base/mariadb:${tag}`]);
      const { metadata } = await kubectl.get<Generation>(namespace, database);
      await wait(database, `jsonpath={.status.observedGeneration}=${metadata.generation}`);
      // No volume is there, so its pod never becomes ready.
      await wait(database, 'jsonpath={.status.updatedReplicas}=1');
    }
  });
});

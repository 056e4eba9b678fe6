import { jest } from '@jest/globals';
import type { TriggerKit } from '@delivery/testing/contracts/cluster-triggers';
import { triggerContract } from '@delivery/testing/contracts/cluster-triggers';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { OpenShift } from '../openshift/controllers.ts';
import type { ImageStream, Workload } from '../openshift/objects.ts';
import { followed, newStream, newWorkload, realTriggerKit } from '../openshift/trigger-kit.ts';
import { accountKubeconfig } from '../road/accounts.ts';
import type { BundleRun } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { Kubectl } from '../road/kubectl.ts';
import { pullSecret } from '../road/secret.ts';

// OpenShift's kinds, as OpenShift publishes their schema, on the real API server; its controllers are played by test/openshift. The
// actions are the bundle, under the shipped Roles, and the pods are real.

const state = readState();
const kubectl = new Kubectl(state);
const { host } = state.registries.basic;
const id = Date.now();
const [dev, prod] = [`e2e-openshift-dev-${id}`, `e2e-openshift-prod-${id}`] as const;
const image = `${host}/e2e/openshift-${id}`;
const serve = 'trap "exit 0" TERM; touch /tmp/ready; sleep 86400 & wait';
const programs: Readonly<Record<number, string>> = { 1: serve, 2: serve, 3: 'echo "no licence file"; exit 3' };
const digests: string[] = [];
const reference = (number: number) => `${image}@${digests[number] ?? ''}`;

const files = (number: number): Record<string, string> => ({
  'delivery.yaml': `images:
  web: { repository: '${image}', promoted: '${image}-prod', build: { file: Dockerfile } }
projects:
  test:
    namespace: ${dev}
    follows: latest
    workloads:
      web:
        - { kind: DeploymentConfig, name: web, container: web }
        - { kind: DeploymentConfig, name: plain, container: web }
        - { kind: Deployment, name: beat, container: web }
  production:
    namespace: ${prod}
    follows: stable
    workloads:
      web: [{ kind: DeploymentConfig, name: web-prod, container: web }]
`,
  Dockerfile: `FROM ${host}/${state.images.busybox}\nCOPY run.sh /run.sh\nCMD ["/bin/sh", "/run.sh"]\n`,
  'run.sh': `# build ${number}\n${programs[number] ?? ''}\n`,
});

async function action(name: string, inputs: Record<string, string>, number = 1): Promise<BundleRun> {
  const checkout = new Checkout(state, files(number));
  const sha = createHash('sha1').update(`${image} ${number}`).digest('hex');
  const run = await checkout.run(name, inputs, { sha, number });
  checkout.remove();
  return run;
}

async function push(number: number): Promise<string> {
  const run = await action('build-and-tag', { builder: 'docker' }, number);
  if (run.exitCode !== 0) throw new Error(run.log);
  return run.outputs['digest'] ?? '';
}

function expectRun(run: BundleRun, outputs: Record<string, string>): void {
  const found = Object.fromEntries(Object.keys(outputs).map((name) => [name, run.outputs[name]]));
  if (JSON.stringify(found) !== JSON.stringify(outputs)) throw new Error(`${JSON.stringify(found)}\n${run.log}`);
}

/** The Roles of deploy/, as an overlay would have them. */
async function grant(namespace: string, ...actions: string[]): Promise<void> {
  const dir = mkdtempSync(join(state.directories.run, 'access-'));
  const access = [...actions, 'openshift'].map((one) => join(repositoryRoot, 'deploy/components/access', one));
  const components = access.map((one) => relative(dir, one));
  writeFileSync(join(dir, 'kustomization.yaml'), JSON.stringify({ namespace, components }));
  const roles = await kubectl.run(['kustomize', dir]);
  rmSync(dir, { recursive: true });
  await kubectl.run(['apply', '--server-side', '-f', '-'], roles.replaceAll('fragalysis-cicd', dev));
}

async function project(namespace: string): Promise<void> {
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await kubectl.apply(pullSecret(state, namespace));
}

function running(kind: 'DeploymentConfig' | 'Deployment', namespace: string, name: string): object {
  const readinessProbe = { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 };
  const pod = { imagePullSecrets: [{ name: 'registry' }], terminationGracePeriodSeconds: 1 };
  const container = { readinessProbe };
  return newWorkload({ kind, namespace, name, image: reference(1), replicas: 1, container, pod });
}

async function imageOf(namespace: string, what: string): Promise<string | undefined> {
  return (await kubectl.get<Workload>(namespace, what)).spec.template.spec.containers[0]?.image;
}

async function fromOf(namespace: string): Promise<object | undefined> {
  return (await kubectl.get<ImageStream>(namespace, 'imagestream/web-stream')).spec?.tags?.[0]?.from;
}

jest.setTimeout(90_000);
let openShift: OpenShift;

beforeAll(async () => {
  openShift = await OpenShift.start(state, kubectl);
  for (const number of [1, 2, 3]) digests[number] = await push(number);
});
afterAll(() => openShift.stop());

triggerContract('The adapter of a real API server', () => {
  const images = [1, 2, 3].map(reference) as unknown as TriggerKit['images'];
  return realTriggerKit(state, kubectl, images);
});

describe('a project with DeploymentConfigs', () => {
  let kubeconfig = '';
  beforeAll(async () => {
    await Promise.all([project(dev), project(prod)]);
    const account = (name: string) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: dev },
    });
    await kubectl.apply(account('web-image'), account('promote'));
    await grant(dev, 'deploy-test', 'list-builds');
    await grant(prod, 'promote-stable', 'list-builds');
    await kubectl.apply(newStream(dev, 'web-stream', { latest: reference(1) }));
    await kubectl.apply(newStream(prod, 'web-stream', { stable: reference(1) }));
    await kubectl.apply(
      followed(running('DeploymentConfig', dev, 'web'), 'web-stream:latest', true),
      running('DeploymentConfig', dev, 'plain'),
      followed(running('Deployment', dev, 'beat'), 'web-stream:latest', true),
      followed(running('DeploymentConfig', prod, 'web-prod'), 'web-stream:stable', true),
    );
    kubeconfig = await accountKubeconfig(state, dev, 'web-image');
  });
  afterAll(() => Promise.all([dev, prod].map((namespace) => kubectl.removeNamespace(namespace))));

  const images = () => Promise.all(['dc/web', 'dc/plain', 'deployment/beat'].map((what) => imageOf(dev, what)));

  it('is brought to a build by the tag of its ImageStream, and by a patch where no trigger feeds it', async () => {
    const run = await action('deploy-test', { kubeconfig, build: '2' });
    expectRun(run, { result: 'success', verdict: 'healthy' });
    expect(await fromOf(dev)).toEqual({ kind: 'DockerImage', name: reference(2) });
    expect(await images()).toEqual([reference(2), reference(2), reference(2)]);
  });

  it('gets back what was healthy by the same tag when a build fails, with the cause', async () => {
    const run = await action('deploy-test', { kubeconfig, build: '3' });
    expectRun(run, { result: 'failure', verdict: 'rolled-back', cause: 'crash-loop' });
    expect(run.log).toContain('no licence file');
    expect(await fromOf(dev)).toEqual({ kind: 'ImageStreamImage', name: `web-stream@${digests[2] ?? ''}` });
    expect(await images()).toEqual([reference(2), reference(2), reference(2)]);
  });

  it('is promoted to, and both are named as where the build runs', async () => {
    const promote = await accountKubeconfig(state, dev, 'promote');
    const run = await action('promote-stable', { kubeconfig: promote, build: '2', version: '2026.1.1' });
    expectRun(run, { result: 'success', digest: digests[2] ?? '' });
    expect(await imageOf(prod, 'dc/web-prod')).toBe(`${image}-prod@${digests[2] ?? ''}`);
    const list = await action('list-builds', { kubeconfig });
    const builds = JSON.parse(list.outputs['builds'] ?? '[]') as Record<string, unknown>[];
    expect(builds.find(({ number }) => number === 2)).toMatchObject({ 'runs-in': ['test', 'production'] });
  });
});

describe('deploy/openshift', () => {
  const overlays = [
    ['cicd', 'fragalysis-cicd'],
    ['first/test', 'fragalysis-dev'],
    ['first/production', 'fragalysis-prod'],
  ] as const;
  const dir = (name: string) => join(repositoryRoot, 'deploy/openshift', name);
  afterAll(() => Promise.all(overlays.map(([, namespace]) => kubectl.removeNamespace(namespace))));

  it.each(overlays)('is taken without a warning, and is then what is there: %s', async (name) => {
    await kubectl.run(['apply', '--server-side', '--warnings-as-errors', '-k', dir(name)]);
    expect(await kubectl.run(['diff', '--server-side', '-k', dir(name)])).toBe('');
  });
});

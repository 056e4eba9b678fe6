import { createHash } from 'node:crypto';
import { readState } from '../ground/state.ts';
import { accountKubeconfig, grantAccess } from '../road/accounts.ts';
import type { BundleRun } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { Kubectl } from '../road/kubectl.ts';
import { pullSecret } from '../road/secret.ts';

// Scenario 2 of the domain with the committed bundle, under the shipped Role, on real pods: what is hopeless is named,
// and what ran before runs again.

const state = readState();
const kubectl = new Kubectl(state);
const { host } = state.registries.basic;
const namespace = `e2e-deploy-${Date.now()}`;
const image = `${host}/e2e/deploy-${Date.now()}`;
let kubeconfig = '';

/** What the container of a build does, by build number. */
const programs: Readonly<Record<number, string>> = {
  1: 'serve',
  2: 'serve',
  3: 'echo "no licence file"; exit 3',
  4: 'serve',
  5: 'exec tail /dev/zero',
  6: 'serve',
  7: 'serve',
  8: 'serve',
  9: 'echo "no licence file"; exit 3',
  10: 'serve',
  11: 'serve',
};
const serve = 'trap "exit 0" TERM; echo serving; touch /tmp/ready; sleep 86400 & wait';

const worker = '- { kind: StatefulSet, name: worker, container: worker }';
const topology = (
  check: string,
  others: string,
) => `images: { web: { repository: '${image}', build: { file: Dockerfile } } }
projects:
  test:
    namespace: ${namespace}
    follows: latest
    workloads:
      web:
        - { kind: Deployment, name: web, container: web }
        ${others}
${check && `    checks: [${check}]\n`}`;
const files = (number: number, check = '', others = worker): Record<string, string> => ({
  'delivery.yaml': topology(check, others),
  Dockerfile: `FROM ${host}/${state.images.busybox}\nCOPY run.sh /run.sh\nCMD ["/bin/sh", "/run.sh"]\n`,
  'run.sh': `# build ${number}\n${(programs[number] ?? 'exit 1').replace(/^serve$/, serve)}\n`,
});

function workload(kind: 'Deployment' | 'StatefulSet', name: string): object {
  const labels = { app: name };
  const container = {
    name,
    image: `${image}:latest-1`,
    envFrom: [{ configMapRef: { name: 'settings' } }],
    readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 },
    resources: { limits: { memory: '48Mi' } },
  };
  const pod = { imagePullSecrets: [{ name: 'registry' }], terminationGracePeriodSeconds: 2, containers: [container] };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod },
      ...(kind === 'StatefulSet' && { serviceName: name }),
    },
  };
}

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace },
  data: { MODE: 'test' },
};

async function push(number: number): Promise<string> {
  const checkout = new Checkout(state, files(number));
  const sha = createHash('sha1').update(`${image} ${number}`).digest('hex');
  const run = await checkout.run('build-and-tag', { builder: 'docker' }, { sha, number });
  checkout.remove();
  if (run.exitCode !== 0) throw new Error(run.log);
  return run.outputs['digest'] ?? '';
}

async function deploy(number: number, inputs: Record<string, string> = {}, ...file: string[]): Promise<BundleRun> {
  const checkout = new Checkout(state, files(number, ...file));
  const run = await checkout.run('deploy-test', { kubeconfig, build: String(number), ...inputs });
  checkout.remove();
  return run;
}

interface Running {
  readonly images: string[];
  readonly ready: number[];
}

async function running(): Promise<Running> {
  interface Item {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
    };
    readonly status: { readonly readyReplicas?: number };
  }
  const { items } = await kubectl.get<{ items: Item[] }>(namespace, 'deployment/web', 'statefulset/worker');
  return {
    images: items.map(({ spec }) => spec.template.spec.containers[0]?.image ?? ''),
    ready: items.map(({ status }) => status.readyReplicas ?? 0),
  };
}

function expectRun(run: BundleRun, outputs: Record<string, string>): void {
  const found = Object.fromEntries(Object.keys(outputs).map((name) => [name, run.outputs[name]]));
  if (JSON.stringify(found) !== JSON.stringify(outputs)) throw new Error(`${JSON.stringify(found)}\n${run.log}`);
}

const digests: string[] = [];
const reference = (number: number): string => `${image}@${digests[number] ?? ''}`;

beforeAll(async () => {
  for (const number of Object.keys(programs).map(Number)) digests[number] = await push(number);
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await kubectl.apply(configMap, pullSecret(state, namespace));
  await grantAccess(kubectl, 'deploy-test', namespace);
  await kubectl.apply(workload('Deployment', 'web'), workload('StatefulSet', 'worker'));
  kubeconfig = await accountKubeconfig(state, namespace, 'web-image');
});

afterAll(() => kubectl.removeNamespace(namespace));

describe('deploy-test', () => {
  it('brings every workload of the image to the digest and says that they are healthy', async () => {
    expectRun(await deploy(1), { result: 'success', digest: digests[1] ?? '', verdict: 'healthy' });
    expect(await running()).toEqual({ images: [reference(1), reference(1)], ready: [1, 1] });
  });

  it('finds nothing to do the second time', async () => {
    expectRun(await deploy(1), { result: 'success', verdict: 'unchanged' });
  });

  it('goes on to the next build, and changes nothing in a dry run', async () => {
    expectRun(await deploy(2, { 'dry-run': 'true' }), { verdict: 'planned' });
    expect((await running()).images).toEqual([reference(1), reference(1)]);
    expectRun(await deploy(2), { result: 'success', verdict: 'healthy', 'previous-digest': digests[1] ?? '' });
  });

  const hopeless: readonly {
    cause: string;
    build: number;
    says: RegExp;
    blocksEveryPod?: boolean;
    before?: () => Promise<unknown>;
    after?: () => Promise<unknown>;
  }[] = [
    { cause: 'crash-loop', build: 3, says: /exit code 3.*no licence file/ },
    {
      cause: 'image-pull',
      build: 4,
      says: /pull/i,
      before: () => kubectl.run(['-n', namespace, 'delete', 'secret', 'registry']),
      after: () => kubectl.apply(pullSecret(state, namespace)),
    },
    { cause: 'out-of-memory', build: 5, says: /memory/ },
    {
      cause: 'config-missing',
      build: 6,
      says: /configmap "settings" not found/i,
      blocksEveryPod: true,
      before: () => kubectl.run(['-n', namespace, 'delete', 'configmap', 'settings']),
      after: () => kubectl.apply(configMap),
    },
    {
      cause: 'unschedulable',
      build: 7,
      says: /node/,
      blocksEveryPod: true,
      before: () => kubectl.run(['cordon', '-l', 'kubernetes.io/os=linux']),
      after: () => kubectl.run(['uncordon', '-l', 'kubernetes.io/os=linux']),
    },
  ];

  it.each(hopeless)(
    'names $cause, and brings the last healthy digest back',
    async ({ cause, build, says, ...around }) => {
      await around.before?.();
      // What keeps every new pod from starting keeps a StatefulSet from going back as well; a Deployment has its old pod still.
      const run = around.blocksEveryPod ? await deploy(build, {}, '', '') : await deploy(build);
      await around.after?.();
      expectRun(run, { result: 'failure', cause, verdict: 'rolled-back', 'previous-digest': digests[2] ?? '' });
      expect(run.exitCode).toBe(1);
      expect(run.summary).toMatch(says);
      expect(run.summary).toContain('<details>');
      expect(await running()).toEqual({ images: [reference(2), reference(2)], ready: [1, 1] });
    },
  );

  it('turns red when the page answers wrongly, and brings the last healthy digest back', async () => {
    const check = `{ url: 'http://${host}/v2/', status: 200, within: 3s }`;
    const run = await deploy(8, {}, check);
    expectRun(run, { result: 'failure', cause: 'check-failed', verdict: 'rolled-back' });
    expect((await running()).images).toEqual([reference(2), reference(2)]);
  });

  it('leaves a broken build where it is when told to', async () => {
    const run = await deploy(9, { 'on-failure': 'leave' });
    expectRun(run, { result: 'failure', cause: 'crash-loop', verdict: 'left-failed' });
    expect((await running()).images).toEqual([reference(9), reference(9)]);
    expectRun(await deploy(10), { result: 'success', verdict: 'healthy' });
  });

  it('refuses an older build than the one that runs, unless it is forced', async () => {
    expectRun(await deploy(1), { result: 'failure', verdict: 'refused' });
    expect((await running()).images).toEqual([reference(10), reference(10)]);
    expectRun(await deploy(8, { force: 'true' }), { result: 'success', verdict: 'healthy' });
  });

  it('gives a workload that was scaled to zero the digest and leaves it at zero, with a warning', async () => {
    await kubectl.run(['-n', namespace, 'scale', 'statefulset/worker', '--replicas=0']);
    const run = await deploy(11);
    expectRun(run, { result: 'success', verdict: 'healthy' });
    expect(run.log).toMatch(/::warning.*worker.*zero/);
    expect(await running()).toEqual({ images: [reference(11), reference(11)], ready: [1, 0] });
  });
});

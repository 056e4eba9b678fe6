import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import type { BundleRun } from '../road/bundle.ts';
import { startBundle } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { Clone, startGitHub } from '../road/forge.ts';
import { Kubectl } from '../road/kubectl.ts';
import { runnerEnvironment } from '../road/runner-environment.ts';
import { tokenEndpoint } from '../road/token-endpoint.ts';
import { pullSecret } from '../road/secret.ts';

// cluster-auth: oidc with the committed bundle and with the workflow, on the real API server: no kubeconfig anywhere.

const state = readState();
if (!state.oidc) throw new Error('the cluster of this ground trusts no issuer: it is not the embedded one');
const { oidc } = state;
const { audience } = oidc;
const kubectl = new Kubectl(state);
const { host, username, password } = state.registries.basic;
const namespace = `e2e-oidc-deliver-${Date.now()}`;
const image = `${host}/e2e/oidc-${Date.now()}`;

const files = (program: string): Record<string, string> => ({
  'delivery.yaml': `images: { web: { repository: '${image}', build: { context: . } } }
clusters: { ground: { server: '${audience}', certificateAuthority: ca.pem } }
projects:
  test:
    namespace: ${namespace}
    follows: latest
    workloads: { web: [{ kind: Deployment, name: web, container: web }] }
`,
  'ca.pem': readFileSync(state.cluster.caPath ?? '', 'utf8'),
  Dockerfile: `FROM ${host}/${state.images.busybox}\nRUN echo ${program}\nCMD ["/bin/sh", "-c", "sleep 86400"]\n`,
});

const workload = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        imagePullSecrets: [{ name: 'registry' }],
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'web',
            image: `${image}:latest-1`,
            // So that a rollout takes longer than a token of this test lasts.
            readinessProbe: { exec: { command: ['true'] }, initialDelaySeconds: 7, periodSeconds: 1 },
          },
        ],
      },
    },
  },
};

async function push(number: number): Promise<void> {
  const checkout = new Checkout(state, files(`build ${number}`));
  const run = await checkout.run('build-and-tag', { builder: 'docker' }, { number, sha: String(number).repeat(40) });
  checkout.remove();
  if (run.exitCode !== 0) throw new Error(run.log);
}

async function deploy(
  env: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>>,
): Promise<BundleRun> {
  const checkout = new Checkout(state, files(''));
  const login = { 'registry-username': username, 'registry-password': password };
  const given = { config: 'delivery.yaml', 'cluster-auth': 'oidc', ...login, ...inputs };
  const run = startBundle('deploy-test', given, {
    ...runnerEnvironment(state),
    GITHUB_WORKSPACE: checkout.dir,
    ...env,
  });
  return run.done.finally(() => checkout.remove());
}

/** What the API server answers to the bearer of a token. */
async function statusOf(token: string): Promise<string> {
  const ask = [
    '--server',
    audience,
    '--certificate-authority',
    state.cluster.caPath ?? '',
    '--kubeconfig',
    '/dev/null',
  ];
  const pods = ['-n', namespace, 'get', 'pods', '-o', 'name', '--token', token];
  return kubectl.run([...ask, ...pods]).then(
    () => 'lets in',
    (error: unknown) => (String(error).includes('Unauthorized') ? 'Unauthorized' : String(error)),
  );
}

beforeAll(async () => {
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await kubectl.run([
    '-n',
    namespace,
    'apply',
    '-f',
    join(repositoryRoot, 'deploy/components/access/deploy-test/role.yaml'),
  ]);
  await push(1);
  await kubectl.apply(pullSecret(state, namespace), workload);
});

afterAll(() => kubectl.removeNamespace(namespace));

describe('deploy-test with cluster-auth: oidc', () => {
  it('rolls out as the workflow of the job, and goes on when its token ends in the middle', async () => {
    using endpoint = await tokenEndpoint(oidc, { lifetimeS: 5 });
    const run = await deploy(endpoint.env, { build: '1' });
    if (run.outputs['verdict'] !== 'healthy') throw new Error(`${JSON.stringify(run.outputs)}\n${run.log}`);
    const { given } = endpoint;
    expect(given.length).toBeGreaterThan(1);
    // It has ended; for ten seconds the API server remembers that it let it in (its option TokenSuccessCacheTTL).
    const ended = AbortSignal.timeout(30_000);
    while ((await statusOf(given[0] ?? '')) === 'lets in') ended.throwIfAborted();
    expect(await statusOf(given[0] ?? '')).toBe('Unauthorized');
    for (const token of given) expect(`${run.log}${run.summary}`).not.toContain(token.split('.')[2]);
  });

  it('has a token that the cluster refuses minted once more', async () => {
    using endpoint = await tokenEndpoint(oidc, { firstTo: 'https://somewhere-else.example.org' });
    const run = await deploy(endpoint.env, { build: '1' });
    expect([run.outputs['verdict'], endpoint.given.length]).toEqual(['unchanged', 2]);
  });

  it('says what to grant where the job may not ask for a token, and changes nothing', async () => {
    const run = await deploy({}, { build: '1' });
    expect([run.exitCode, run.log]).toEqual([1, expect.stringMatching(/::error.*id-token: write/)]);
  });
});

const caller = `name: Deliver
on: { push: { branches: [main] } }
permissions: {}
jobs:
  web:
    permissions: { contents: read, deployments: write, id-token: write }
    uses: InformaticsMatters/fragalysis-actions/.github/workflows/web-image.yml@v1
    with: { config: delivery.yaml, cluster-auth: oidc, environment: test, build-number-offset: '10' }
    secrets:
      REGISTRY_USERNAME: \${{ secrets.REGISTRY_USERNAME }}
      REGISTRY_PASSWORD: \${{ secrets.REGISTRY_PASSWORD }}
`;

it('web-image.yml delivers a push without any kubeconfig', async () => {
  // By name, which holds the environment of the job: the runner fills it in from the caller's input.
  const bound = ['--role=deploy-test', '--user=delivery:acme/oidc:test'];
  await kubectl.run(['-n', namespace, 'delete', 'rolebinding', 'deploy-test']);
  await kubectl.run(['-n', namespace, 'create', 'rolebinding', 'by-name', ...bound]);
  const gitHub = await startGitHub(state, {});
  const source = mkdtempSync(join(state.directories.run, 'oidc-'));
  for (const [name, content] of Object.entries(files('from a push'))) writeFileSync(join(source, name), content);
  const clone = await Clone.create(state, gitHub.url, 'acme/oidc', source);
  mkdirSync(join(clone.dir, '.github/workflows'), { recursive: true });
  writeFileSync(join(clone.dir, '.github/workflows/deliver.yml'), caller);
  const run = await clone.deliver('first');
  const log = await clone.client.log(run.id);
  await gitHub.stop();
  for (const dir of [source, clone.dir]) rmSync(dir, { recursive: true });
  if (run.conclusion !== 'success') throw new Error(log);
  const { spec } = await kubectl.get<typeof workload>(namespace, 'deployment/web');
  expect(spec.template.spec.containers[0]?.image).toMatch(new RegExp(`^${image}@sha256:`));
});

import { certificate } from '@delivery/testing/certificate';
import { FakeClock } from '@delivery/testing/fake-clock';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clustersOfInputs } from '../../../src/adapters/cluster/from-inputs.ts';
import type { Topology } from '../../../src/domain/topology.ts';
import { InputError } from '../../../src/errors/errors.ts';
import { StubApiServer, status } from './stub-api-server.ts';

const { signal } = new AbortController();
const web = { kind: 'Deployment', namespace: 'test', name: 'web' } as const;
const oidc = { 'cluster-auth': 'oidc', kubeconfig: '' } as const;
const variables = ['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'GITHUB_WORKSPACE'] as const;
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

let api: StubApiServer;
let gitHub: Server;
let workspace: string;
let clock: FakeClock;
let masked: string[];
/** What GitHub's endpoint was asked, and what it answers next; then tokens. */
let asked: string[];
let answers: (readonly [number, string])[];
let minted: string[];
let lifetimeS: number;
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

beforeEach(async () => {
  [masked, asked, answers, minted] = [[], [], [], []];
  lifetimeS = 300;
  clock = new FakeClock();
  api = await StubApiServer.start();
  workspace = mkdtempSync(path.join(tmpdir(), 'oidc-'));
  writeFileSync(path.join(workspace, 'ca.pem'), certificate().cert);
  gitHub = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    const [code, body] = answers.shift() ?? [200, JSON.stringify({ value: nextToken() })];
    response.writeHead(code).end(body);
  });
  await new Promise<void>((resolve) => gitHub.listen(0, '127.0.0.1', resolve));
  process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] = `http://127.0.0.1:${(gitHub.address() as AddressInfo).port}/token?v=1`;
  process.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] = 'request-token';
  process.env['GITHUB_WORKSPACE'] = workspace;
});

afterEach(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  await api.close();
  gitHub.closeAllConnections();
  await new Promise((resolve) => gitHub.close(resolve));
  rmSync(workspace, { recursive: true });
});

function nextToken(): string {
  const iat = clock.now().getTime() / 1000;
  const exp = iat + lifetimeS;
  minted.push(`${base64({ alg: 'RS256' })}.${base64({ exp, iat, n: minted.length })}.signature`);
  return minted.at(-1) ?? '';
}

function topology(authority: string | null = 'ca.pem', audience = 'delivery'): Topology {
  const server = `https://127.0.0.1:${api.port}`;
  const here = { name: 'here', server, certificateAuthority: authority ?? undefined, audience };
  return { images: {}, projects: {}, clusters: { here } };
}

function clusters(given: Topology = topology(), inputs: Parameters<typeof clustersOfInputs>[0] = oidc) {
  const helpers = { clock, mask: (secret: string) => void masked.push(secret) };
  return clustersOfInputs(inputs, given, helpers);
}

function cluster(...given: Parameters<typeof clusters>) {
  return clusters(...given).cluster(undefined);
}

const bearers = () => api.authorizations.map((value) => minted.indexOf(value?.replace('Bearer ', '') ?? ''));
const unauthorized = { status: 401, body: status(401, 'Unauthorized') };

function told(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('requests carry a token that GitHub made out to the audience of the cluster', async () => {
  api.put('web', 'web', '1', {});
  await cluster(topology('ca.pem', 'https://api.example.org:6443'))
    .readWorkload(web, signal)
    .catch(() => undefined);
  expect(asked).toEqual(['Bearer request-token /token?v=1&audience=https%3A%2F%2Fapi.example.org%3A6443']);
  expect(bearers()).toEqual([0]);
  expect(masked).toContain(minted[0]);
});

test('later requests have a newer token', async () => {
  api.intercept = () => ({ status: 404, body: {} });
  const connected = cluster();
  for (const ms of [0, 200_000, 100_000]) {
    await clock.advance(ms);
    await connected.readWorkload(web, signal);
  }
  expect(bearers()).toEqual([0, 0, 1]);
});

test('all connections of a run share the token', async () => {
  api.intercept = () => ({ status: 404, body: {} });
  const run = clusters();
  for (const connected of [run.cluster(undefined), run.cluster(undefined)]) await connected.readWorkload(web, signal);
  expect([asked.length, bearers()]).toEqual([1, [0, 0]]);
});

test('a refused token is minted anew and the request repeated, once', async () => {
  let first = true;
  api.intercept = () => {
    const answer = first ? unauthorized : { status: 404, body: {} };
    first = false;
    return answer;
  };
  expect(await cluster().readWorkload(web, signal)).toBeUndefined();
  expect(bearers()).toEqual([0, 1]);
});

test('a request is sent with one token, and that one is dropped where it is refused', async () => {
  lifetimeS = 30;
  const given = [unauthorized, { status: 404, body: {} }];
  api.intercept = () => given.shift();
  expect(await cluster().readWorkload(web, signal)).toBeUndefined();
  expect([bearers(), minted.length]).toEqual([[0, 1], 2]);
});

test('a cluster that refuses the second one as well does not trust the job: docs/oidc.md', async () => {
  api.intercept = () => unauthorized;
  const error = await cluster()
    .readWorkload(web, signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ system: 'cluster', status: 401, retryable: false });
  expect((error as { hint: string }).hint).toMatch(/127\.0\.0\.1:\d+ does not trust .*"delivery".*docs\/oidc\.md/);
  expect(bearers()).toEqual([0, 1]);
});

test('a watch that ends is opened again with a newer token', async () => {
  const stop = new AbortController();
  const views = cluster().watchNamespace('test', [], stop.signal)[Symbol.asyncIterator]();
  api.fault = () => 'end';
  await views.next();
  await clock.advance(290_000);
  api.put('pods', 'web-1', '1', { spec: {}, status: {} });
  await views.next();
  await clock.passUntil(
    (async () => {
      while (!bearers().includes(1)) await new Promise((resolve) => setImmediate(resolve));
    })(),
    60_000,
  );
  stop.abort(new Error('enough'));
  await expect(views.next()).rejects.toThrow('enough');
  expect(new Set(bearers())).toEqual(new Set([0, 1]));
});

test('what GitHub cannot answer just now is asked again', async () => {
  answers = [
    [500, 'body-of-an-error'],
    [429, ''],
  ];
  api.intercept = () => ({ status: 404, body: {} });
  expect(await clock.passUntil(cluster().readWorkload(web, signal), 30_000, 100)).toBeUndefined();
  expect(asked).toHaveLength(3);
});

test.each([
  [403, 'forbidden-body', 'GitHub gave no OIDC token: HTTP 403'],
  [404, '', 'GitHub gave no OIDC token: the answer holds none'],
  [200, '{"value":""}', 'GitHub gave no OIDC token: the answer holds none'],
])('what GitHub answers with %d %s is told without its words', async (code, body, message) => {
  answers = [[code, body]];
  await expect(cluster().readWorkload(web, signal)).rejects.toMatchObject({
    system: 'github',
    retryable: false,
    message,
  });
  expect(asked).toHaveLength(1);
});

test.each(['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'])(
  'without %s the job is told to be granted id-token: write',
  (name) => {
    Reflect.deleteProperty(process.env, name);
    expect(told(cluster)).toMatch(/^cluster-auth: is oidc, .*`permissions: id-token: write`/);
  },
);

test('a kubeconfig beside it is refused', () => {
  const both = { ...oidc, kubeconfig: api.kubeconfig() };
  expect(told(() => cluster(topology(), both))).toMatch(/^kubeconfig: is given together with cluster-auth: oidc/);
});

test('with a kubeconfig, clusters of delivery.yaml are not looked at', async () => {
  api.intercept = () => ({ status: 404, body: {} });
  const given = { 'cluster-auth': 'kubeconfig', kubeconfig: api.kubeconfig() } as const;
  expect(await cluster(topology('missing.pem'), given).readWorkload(web, signal)).toBeUndefined();
  expect(asked).toEqual([]);
});

test('a cluster whose authority the runner does not know is not spoken to', async () => {
  await expect(cluster(topology(null)).readWorkload(web, signal)).rejects.toThrow('its certificate is not trusted');
});

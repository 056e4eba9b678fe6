import { certificate } from '@delivery/testing/certificate';
import type { StandInConfig } from '@delivery/testing/github/config';
import { grantIdTokens } from '@delivery/testing/github/id-tokens';
import { idOf } from '@delivery/testing/github/ids';
import type { Run } from '@delivery/testing/github/run';
import type { IssuerPlace } from '@delivery/testing/oidc-issuer/client';
import { idToken } from '@delivery/testing/oidc-issuer/client';
import { OidcIssuer } from '@delivery/testing/oidc-issuer/issuer';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

const path = '.github/workflows/deliver.yml';
const called =
  'jobs:\n  deploy:\n    environment: ${{ inputs.environment }}\n    permissions: {id-token: write}\n    steps: []\n';
const caller = (permissions: string) => `jobs:
  own: {permissions: {id-token: write}, env: {A: b}, steps: []}
  other: {permissions: {contents: read}, steps: []}
  web: {permissions: ${permissions}, uses: acme/suite/.github/workflows/web.yml@v1}
`;
const run: Run = {
  ...{ id: 7, repository: 'acme/stack', workflow: { path, name: 'Deliver' }, runNumber: 3, attempt: 1 },
  ...{ event: 'push', ref: 'refs/heads/main', sha: 'a'.repeat(40), actor: 'ada', title: '', status: 'queued' },
  ...{ conclusion: null, jobs: [], createdAt: '', startedAt: '', updatedAt: '' },
};

let dir: string;
let server: OidcIssuer;
let issuer: IssuerPlace;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'id-tokens-'));
  const { key, cert } = certificate();
  server = await OidcIssuer.start({ port: 0, key, certificate: cert });
  issuer = { url: server.url, caPath: write('ca.pem', cert) };
  write('suite/.github/workflows/web.yml', called);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function write(file: string, text: string): string {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
  return join(dir, file);
}

async function grant(workflow: string, oidc: IssuerPlace | null = issuer) {
  write(join('work', path), workflow);
  const localRepositories = { 'acme/suite@v1': join(dir, 'suite') };
  const config: StandInConfig = {
    act: '',
    localRepositories,
    secrets: {},
    vars: {},
    env: {},
    homeLinks: {},
    ...(oidc && { oidc }),
  };
  return grantIdTokens(run, config, { work: join(dir, 'work'), scratch: join(dir, 'scratch') });
}

type Environment = Readonly<Record<string, string>>;

function environments(file: string): Record<string, Environment | undefined> {
  const { jobs } = parse(readFileSync(file, 'utf8')) as { jobs: Record<string, { env?: Environment }> };
  return Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.env]));
}

async function claimsOf(environment: Environment | undefined, audience = 'cluster'): Promise<unknown> {
  const token = await idToken(issuer, environment?.['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '', audience);
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

test('a job with the permission can ask for tokens that say what it is, and no other', async () => {
  const { own, other } = environments((await grant(caller('{id-token: write}'))).workflow);
  expect([own?.['A'], other]).toEqual(['b', undefined]);
  expect(await claimsOf(own)).toMatchObject({
    ...{ iss: server.url, aud: 'cluster', sub: 'repo:acme/stack:ref:refs/heads/main' },
    ...{ repository: 'acme/stack', repository_id: idOf('acme/stack'), repository_owner_id: idOf('acme') },
    ...{ ref: 'refs/heads/main', event_name: 'push', run_id: '7', actor: 'ada' },
    job_workflow_ref: `acme/stack/${path}@refs/heads/main`,
  });
});

test('a job of a called workflow is known by that workflow, and by the environment that its runner names', async () => {
  const { localRepositories } = await grant(caller('{id-token: write}'));
  const { deploy } = environments(join(localRepositories['acme/suite@v1'] ?? '', '.github/workflows/web.yml'));
  expect(await claimsOf(deploy)).toMatchObject({
    workflow_ref: `acme/stack/${path}@refs/heads/main`,
    job_workflow_ref: 'acme/suite/.github/workflows/web.yml@refs/tags/v1',
  });
  expect(deploy?.['ACTIONS_ID_TOKEN_REQUEST_URL']).toMatch(/&environment=\$\{\{ inputs\.environment \}\}$/);
  expect(readFileSync(join(dir, 'suite/.github/workflows/web.yml'), 'utf8')).toBe(called);
});

test('a called workflow has no more than its caller grants', async () => {
  expect((await grant(caller('{contents: read}'))).localRepositories).toEqual({ 'acme/suite@v1': join(dir, 'suite') });
});

test('without an issuer, and where no job has the permission, everything stays as it is', async () => {
  const untouched = { workflow: path, localRepositories: { 'acme/suite@v1': join(dir, 'suite') } };
  expect(await grant('jobs: {other: {steps: []}}\n')).toEqual(untouched);
  expect(await grant(caller('write-all'), null)).toEqual(untouched);
});

test('a token of nobody gets none', async () => {
  await expect(idToken(issuer, 'unknown', 'cluster')).rejects.toThrow('401');
});

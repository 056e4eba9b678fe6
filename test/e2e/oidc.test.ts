import { idOf } from '@delivery/testing/github/ids';
import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { idToken, registerJob } from '@delivery/testing/oidc-issuer/client';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { Kubectl } from '../road/kubectl.ts';
import { goodClaims } from '../road/token-endpoint.ts';

// Which tokens the real API server takes with deploy/oidc/authentication.yaml, and as whom.

const state = readState();
if (!state.oidc) throw new Error('the cluster of this ground trusts no issuer: it is not the embedded one');
const { issuer, audience } = state.oidc;
const kubectl = new Kubectl(state);
const namespace = `e2e-oidc-${Date.now()}`;
const pods = `/api/v1/namespaces/${namespace}/pods`;
const suite = 'InformaticsMatters/fragalysis-actions/.github/workflows';

type Claims = Readonly<Record<string, unknown>>;

async function token(changed: Claims = {}, to = audience): Promise<string> {
  return idToken(issuer, await registerJob(issuer, { ...goodClaims, ...changed }), to);
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(path: string, bearer: string, body?: object): Promise<Answer> {
  const ca = readFileSync(state.cluster.caPath ?? '');
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(
      `${state.cluster.server}${path}`,
      { ca, headers, method: body ? 'POST' : 'GET' },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      },
    );
    asked.on('error', reject).end(body && JSON.stringify(body));
  });
}

async function statusOf(bearer: string | Promise<string>, path = pods): Promise<number> {
  return (await ask(path, await bearer)).status;
}

interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** As whom the API server knows the bearer of a token. */
async function whoIs(bearer: Promise<string>): Promise<UserInfo> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const { body } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', await bearer, review);
  return (JSON.parse(body) as { status: { userInfo: UserInfo } }).status.userInfo;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (part = ''): Claims => JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;

/** A good token whose head or claims are changed, with a signature of one's own over it. */
async function forged(head: Claims, claims: Claims, signature: (signed: string) => string): Promise<string> {
  const [oldHead, oldClaims] = (await token()).split('.');
  const signed = `${encode({ ...decode(oldHead), ...head })}.${encode({ ...decode(oldClaims), ...claims })}`;
  return `${signed}.${signature(signed)}`;
}

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const withOwnKey = (signed: string): string => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return createSign('sha256').update(signed).sign(privateKey, 'base64url');
};
const withPublicKey = (signed: string): string => {
  const key = createPublicKey(readFileSync(issuer.caPath)).export({ type: 'spki', format: 'pem' });
  return createHmac('sha256', key).update(signed).digest('base64url');
};

beforeAll(async () => {
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const role = join(repositoryRoot, 'deploy/components/access/deploy-test/role.yaml');
  await kubectl.run(['-n', namespace, 'apply', '-f', role]);
});

afterAll(() => kubectl.removeNamespace(namespace));

describe('the right token', () => {
  it('opens what the Role of its workflow opens, and nothing elsewhere', async () => {
    const right = await token();
    expect([await statusOf(right), await statusOf(right, '/api/v1/namespaces/default/pods')]).toEqual([200, 403]);
  });

  it('opens nothing for another workflow of the suite', async () => {
    expect(await statusOf(token({ job_workflow_ref: `${suite}/prune-builds.yml@refs/tags/v1` }))).toBe(403);
  });

  it('says who it was: repository, environment, workflow, run', async () => {
    const user = await whoIs(token({ environment: 'test' }));
    expect(user).toMatchObject({
      username: 'delivery:acme/oidc:test',
      uid: idOf('acme/oidc'),
      groups: ['delivery:web-image', 'system:authenticated'],
      extra: { 'actions.github.com/run-id': ['7'], 'actions.github.com/actor': ['ada'] },
    });
    expect((await whoIs(token())).username).toBe('delivery:acme/oidc:none');
  });

  it.each([
    ['promote', 'production', 'promote'],
    ['db-restore', 'production', 'db-restore'],
    ['db-restore', 'staging', 'restore-drill'],
    ['db-restore', undefined, 'restore-drill'],
    ['restore-drill', undefined, 'restore-drill'],
    ['db-backup', undefined, 'db-backup'],
  ])('of %s in environment %s is of group %s', async (workflow, environment, group) => {
    const claims = { environment, job_workflow_ref: `${suite}/${workflow}.yml@refs/tags/v1.2.3` };
    expect((await whoIs(token(claims))).groups).toEqual([`delivery:${group}`, 'system:authenticated']);
  });
});

const wrong: Readonly<Record<string, () => Promise<string>>> = {
  'made out to another audience': () => token({}, 'https://api.example.org:6443'),
  'of another issuer': () => token({ iss: 'https://token.actions.githubusercontent.com' }),
  'of another repository of the owner': () => token({ repository_id: idOf('acme/other') }),
  'of another owner, such as of a fork': () => token({ repository_owner_id: idOf('evil') }),
  'without the id of the repository': () => token({ repository_id: undefined }),
  'of another branch': () => token({ ref: 'refs/heads/evil' }),
  'of a tag': () => token({ ref: 'refs/tags/main' }),
  'of a pull request': () => token({ event_name: 'pull_request', ref: 'refs/pull/1/merge' }),
  'of a pull request from a fork, in the default branch': () => token({ event_name: 'pull_request_target' }),
  'of what another run has caused': () => token({ event_name: 'workflow_run' }),
  'of a promotion without an environment': () => token({ job_workflow_ref: `${suite}/promote.yml@refs/tags/v1` }),
  'of a promotion in another environment': () =>
    token({ job_workflow_ref: `${suite}/promote.yml@refs/tags/v1`, environment: 'test' }),
  'of a workflow of the repository itself': () =>
    token({ job_workflow_ref: 'acme/oidc/.github/workflows/web-image.yml@refs/heads/main' }),
  'of a workflow with a name that ends alike': () =>
    token({ job_workflow_ref: `evil/${String(goodClaims['job_workflow_ref'])}` }),
  'of another workflow of the suite': () => token({ job_workflow_ref: `${suite}/ci.yml@refs/tags/v1` }),
  'of the suite at a branch': () => token({ job_workflow_ref: `${suite}/web-image.yml@refs/heads/main` }),
  'of the suite at a tag that is no version': () =>
    token({ job_workflow_ref: `${suite}/web-image.yml@refs/tags/v1-evil` }),
  // It may be one of a fork: GitHub finds those under the name of the suite.
  'of the suite at a commit': () => token({ job_workflow_ref: `${suite}/web-image.yml@${'c'.repeat(40)}` }),
  'without a workflow': () => token({ job_workflow_ref: undefined }),
  expired: () => token({ exp: inSeconds(-1), iat: inSeconds(-600), nbf: inSeconds(-600) }),
  // The API server allows five minutes for clocks that differ.
  'not yet valid': () => token({ nbf: inSeconds(600) }),
  'signed by another key': () => forged({}, {}, withOwnKey),
  'signed by nobody (alg none)': () => forged({ alg: 'none' }, {}, () => ''),
  'signed with the public key as a password (HS256)': () => forged({ alg: 'HS256' }, {}, withPublicKey),
  'with other claims under the same signature': async () => {
    const [head, , signature = ''] = (await token()).split('.');
    return [head, encode({ ...decode((await token()).split('.')[1]), actor: 'eve' }), signature].join('.');
  },
  'with a cut signature': async () => (await token()).slice(0, -4),
  'without a signature': async () => (await token()).replace(/[^.]+$/, ''),
};

it.each(Object.keys(wrong))('a token %s gets 401', async (what) => {
  expect(await statusOf(wrong[what]?.() ?? '')).toBe(401);
});

import type { TokenUser } from '@delivery/testing/token-service/rights';
import { TokenService } from '@delivery/testing/token-service/token-service';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const users: Record<string, TokenUser> = {
  writer: { password: 'wp', pull: [], push: ['*'] },
  reader: { password: 'rp', pull: ['team/*'], push: [] },
};
let service: TokenService;

beforeAll(async () => {
  const options = { port: 0, issuer: 'issuer', key, lifetimeS: 60, users, anonymousPull: ['public/app'] };
  service = await TokenService.start(options);
});
afterAll(() => service[Symbol.asyncDispose]());

interface Claims {
  sub: string;
  aud: string;
  iat: number;
  exp: number;
  access: { name: string; actions: string[] }[];
}

/** The claims of a token, after its signature was checked. */
function claimsOf(token: string): Claims {
  const [head = '', body = '', signature = ''] = token.split('.');
  const good = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    createPublicKey(key),
    Buffer.from(signature, 'base64url'),
  );
  expect(good).toBe(true);
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
}

async function ask(scope: string, login?: string): Promise<{ status: number; claims?: Claims }> {
  const headers = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  const response = await fetch(`${service.url}?service=registry&scope=${encodeURIComponent(scope)}`, { headers });
  const { token } = (await response.json()) as { token?: string };
  return { status: response.status, ...(token !== undefined && { claims: claimsOf(token) }) };
}

async function post(form: Record<string, string>): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(service.url, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

test('a writer gets pull and push for the time configured', async () => {
  const { claims } = await ask('repository:team/app:pull,push', 'writer:wp');
  expect(claims).toMatchObject({ sub: 'writer', aud: 'registry', iss: 'issuer' });
  expect(claims?.access).toEqual([{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]);
  expect((claims?.exp ?? 0) - (claims?.iat ?? 0)).toBe(60);
});

test.each([
  ['a reader gets pull only, though push was asked for', 'reader:rp', 'team/app', ['pull']],
  ['a reader gets nothing of a repository outside its pattern', 'reader:rp', 'teams', []],
  ['an anonymous caller may pull what is public', undefined, 'public/app', ['pull']],
  ['an anonymous caller gets nothing else', undefined, 'team/app', []],
])('%s', async (_, login, name, actions) => {
  const { status, claims } = await ask(`repository:${name}:pull,push`, login);
  expect(status).toBe(200);
  expect(claims?.access).toEqual([{ type: 'repository', name, actions }]);
});

test.each(['writer:wrong', 'nobody:wp', '__proto__:wp', 'writer', ':'])('the login %j is refused', async (login) => {
  expect(await ask('repository:team/app:pull', login)).toEqual({ status: 401 });
});

test('several scopes come as one parameter or as many', async () => {
  const { claims } = await ask('repository:a:pull repository:b/c:push', 'writer:wp');
  expect(claims?.access.map(({ name }) => name)).toEqual(['a', 'b/c']);
});

test('a registry scope and nonsense grant nothing', async () => {
  const { claims } = await ask('registry:catalog:* rubbish', 'writer:wp');
  expect(claims?.access).toEqual([{ type: 'registry', name: 'catalog', actions: [] }]);
});

test('a password is exchanged for a refresh token, and that for a token', async () => {
  const login = {
    grant_type: 'password',
    username: 'writer',
    password: 'wp',
    access_type: 'offline',
    service: 'registry',
  };
  const { body } = await post(login);
  const again = { grant_type: 'refresh_token', refresh_token: body['refresh_token'] ?? '', scope: 'repository:a:pull' };
  const { status, body: second } = await post(again);
  expect(status).toBe(200);
  expect(claimsOf(second['access_token'] ?? '')).toMatchObject({ sub: 'writer', access: [{ actions: ['pull'] }] });
});

test.each([
  [401, { grant_type: 'refresh_token', refresh_token: 'guessed' }],
  [401, { grant_type: 'password', username: 'writer', password: 'no' }],
  [400, { grant_type: 'client_credentials' }],
  [413, { grant_type: 'password', username: 'x'.repeat(70_000), password: '' }],
])('OAuth2 answers %i', async (status, form) => {
  expect((await post(form as Record<string, string>)).status).toBe(status);
});

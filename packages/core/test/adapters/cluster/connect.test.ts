import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../src/adapters/clock.ts';
import type { ClusterOptions } from '../../../src/adapters/cluster/connect.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import { secretsOf } from '../../../src/adapters/cluster/secrets.ts';
import { InputError } from '../../../src/errors/errors.ts';
import { certificate } from '@delivery/testing/certificate';
import { StubApiServer } from './stub-api-server.ts';

const token = 'canary-token-5up3r53cr3t';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const signal = new AbortController().signal;
const web = { kind: 'Deployment', namespace: 'test', name: 'web' } as const;

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly rest?: object;
}

function kubeconfig({ cluster = {}, user = {}, rest = {} }: Parts = {}): string {
  return JSON.stringify({
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'c1', user: 'u1' } }],
    clusters: [{ name: 'c1', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
    users: [{ name: 'u1', user: { token, ...user } }],
    ...rest,
  });
}

function options(given: Partial<ClusterOptions>): ClusterOptions {
  return { env: {}, clock: systemClock, mask: () => {}, ...given };
}

function problemsOf(given: Partial<ClusterOptions>): string {
  try {
    connectCluster(options(given));
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('connectCluster', () => {
  let directory: string;
  let server: StubApiServer;
  beforeEach(async () => {
    server = await StubApiServer.start();
    directory = mkdtempSync(path.join(tmpdir(), 'connect-'));
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true });
    await server.close();
  });

  it('accepts a kubeconfig with a token', () => {
    expect(problemsOf({ kubeconfig: kubeconfig() })).toBe('accepted');
  });

  it('refuses a kubeconfig that would run a program, and does not run it', () => {
    const witness = path.join(directory, 'witness');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [witness] };
    expect(problemsOf({ kubeconfig: kubeconfig({ user: { exec } }) })).toMatch(
      /user "u1": exec is refused: it would run/,
    );
    expect(existsSync(witness)).toBe(false);
  });

  it.each([
    ['auth-provider', { user: { 'auth-provider': { name: 'oidc' } } }, 'user "u1"'],
    ['as-groups', { user: { as: 'x', 'as-groups': ['system:masters'] } }, 'user "u1"'],
    ['proxy-url', { cluster: { 'proxy-url': 'http://proxy.example.org' } }, 'cluster "c1"'],
    ['insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': true } }, 'cluster "c1"'],
    ['insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': 'true' } }, 'cluster "c1"'],
  ])('refuses %s and names the entry', (key, parts, entry) => {
    expect(problemsOf({ kubeconfig: kubeconfig(parts) })).toContain(`${entry}: ${key} is refused: `);
  });

  it('names everything that is refused at once', () => {
    const parts = { user: { exec: { command: 'x' } }, cluster: { 'proxy-url': 'socks5://x' } };
    expect(problemsOf({ kubeconfig: kubeconfig(parts) }).split('\n')).toHaveLength(2);
  });

  it('does not mind what stands in entries that the context does not use', () => {
    const rest = {
      users: [
        { name: 'other', user: { exec: { command: 'x' } } },
        { name: 'u1', user: { token } },
      ],
    };
    expect(problemsOf({ kubeconfig: kubeconfig({ rest }) })).toBe('accepted');
  });

  it.each([
    ['an unknown context', { context: 'prod' }, kubeconfig(), 'has no context "prod" (there are: test)'],
    ['no current context', {}, kubeconfig({ rest: { 'current-context': '' } }), 'has no current-context'],
    ['an empty file', {}, '{}', 'there are: none'],
    [
      'a missing cluster',
      {},
      kubeconfig({ rest: { clusters: [] } }),
      'has no cluster "c1", which its context "test" names',
    ],
    ['a missing user', {}, kubeconfig({ rest: { users: null } }), 'has no user "u1", which its context "test" names'],
    ['what is not YAML', {}, `users: [{token: ${token}`, 'kubeconfig: is not YAML: '],
    ['a token that is no text', {}, kubeconfig({ user: { token: 123456789 } }), 'token is not a text'],
    [
      'a list where a text belongs',
      {},
      kubeconfig({ cluster: { server: [token] } }),
      'kubeconfig.clusters.0.cluster.server',
    ],
    ['text only', {}, token, 'kubeconfig: is wrong'],
    [
      'http',
      {},
      kubeconfig({ cluster: { server: `http://${token}@x` } }),
      'server is not a URL that starts with https://',
    ],
    ['a password in the URL', {}, kubeconfig({ cluster: { server: `https://a:${token}@x` } }), 'server is not a URL'],
    ['no credentials', {}, kubeconfig({ user: { token: '' } }), 'has neither a token nor a client certificate'],
    [
      'a bad authority',
      {},
      kubeconfig({ cluster: { 'certificate-authority-data': base64(token) } }),
      'does not hold a certificate',
    ],
    [
      'half a pair',
      {},
      kubeconfig({ user: { 'client-key-data': base64(token) } }),
      'has only one of client-certificate-data',
    ],
    [
      'a file in an input',
      {},
      kubeconfig({ user: { 'client-key': '/etc/shadow' } }),
      'client-key names a file; give a kubeconfig',
    ],
    [
      'a token file in an input',
      {},
      kubeconfig({ user: { tokenFile: '/etc/shadow' } }),
      'tokenFile names a file; give a',
    ],
    ['nothing at all', {}, '', 'is empty, KUBECONFIG is not set, and this is no pod'],
  ])('answers %s with what is wrong, and shows no content', (_, given, text, expected) => {
    const message = problemsOf({ ...given, kubeconfig: text });
    expect(message).toContain(expected);
    expect(message).not.toContain(token);
  });

  it('refuses a bad key, and a key of another certificate', () => {
    const { cert } = certificate();
    const other = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' });
    const user = (key: string) => ({ 'client-certificate-data': base64(cert), 'client-key-data': base64(key) });
    expect(problemsOf({ kubeconfig: kubeconfig({ user: user(token) }) })).toContain('does not hold a private key');
    expect(problemsOf({ kubeconfig: kubeconfig({ user: user(other) }) })).toContain('is not the key of');
    expect(problemsOf({ kubeconfig: kubeconfig({ user: user(certificate().key) }) })).toBe('accepted');
  });

  it('takes the first of several files that names a thing, and paths from where the file lies', () => {
    const { cert, key } = certificate();
    writeFileSync(path.join(directory, 'cert.pem'), cert);
    writeFileSync(path.join(directory, 'key.pem'), key);
    const user = { token: '', 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
    const files = ['one', 'two'].map((name) => path.join(directory, name));
    writeFileSync(files[0] ?? '', kubeconfig({ user }));
    writeFileSync(files[1] ?? '', kubeconfig({ user: { exec: { command: 'x' } } }));
    const masked: string[] = [];
    const env = { KUBECONFIG: files.join(path.delimiter) };
    expect(problemsOf({ env, mask: (secret) => masked.push(secret) })).toBe('accepted');
    expect(masked).toContain(key);
    expect(problemsOf({ env: { KUBECONFIG: files.toReversed().join(path.delimiter) } })).toContain('exec is refused');
    expect(problemsOf({ env: { KUBECONFIG: path.join(directory, 'none') } })).toContain('cannot be read');
  });

  it('uses the service account of the pod, and masks its token', async () => {
    writeFileSync(path.join(directory, 'ca.crt'), certificate().cert);
    writeFileSync(path.join(directory, 'token'), token);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) };
    const masked: string[] = [];
    const mask = (secret: string) => masked.push(secret);
    const cluster = connectCluster(options({ env, mask, serviceAccountDirectory: directory })).cluster;
    server.intercept = () => ({ status: 200, body: { metadata: { name: 'web' } } });
    expect(await cluster.readWorkload(web, signal)).toMatchObject({ name: 'web' });
    expect(server.authorizations).toEqual([`Bearer ${token}`]);
    expect(masked).toEqual(expect.arrayContaining([token, base64(token)]));
  });

  it('refuses an API server whose certificate another authority signed, and sends it no token', async () => {
    const text = kubeconfig({ cluster: { server: `https://127.0.0.1:${server.port}` } });
    const error: unknown = await connectCluster(options({ kubeconfig: text }))
      .cluster.readWorkload(web, signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      system: 'cluster',
      retryable: false,
      message: expect.stringContaining('certificate is not trusted') as string,
    });
    expect(server.requests).toEqual([]);
  });
});

describe('secretsOf', () => {
  it('gives tokens, passwords and keys in every form, and nothing that is public', () => {
    const { key, cert } = certificate();
    const text = JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://x', 'proxy-url': 'http://u:proxy-pass@x' } }],
      users: [
        { name: 'a', user: { token, username: 'admin', password: 'pw' } },
        { name: 'b', user: { 'client-key-data': base64(key), 'client-certificate-data': base64(cert) } },
        { name: 'c', user: { exec: { command: 'get-token', env: [{ name: 'SECRET', value: 'exec-secret' }] } } },
        { name: 'd', user: { 'auth-provider': { name: 'oidc', config: { 'refresh-token': 'refresh-secret' } } } },
      ],
    });
    const secrets = secretsOf(text);
    const line = key.split('\n')[1];
    const plain = [token, 'pw', key, 'exec-secret', 'refresh-secret', 'proxy-pass'];
    expect(secrets).toEqual(expect.arrayContaining([...plain, ...plain.map(base64), line, base64('admin:pw')]));
    for (const open of ['get-token', base64(cert), 'admin', '-----BEGIN PRIVATE KEY-----', '']) {
      expect(secrets).not.toContain(open);
    }
  });

  it('gives nothing for what is no kubeconfig', () => {
    for (const text of ['', '{', 'null', '[]', 'users: 1', 'users: [null, {user: 3}]'])
      expect(secretsOf(text)).toEqual([]);
  });
});

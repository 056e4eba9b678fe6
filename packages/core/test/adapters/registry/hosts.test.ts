import {
  apiOrigin,
  isLoopback,
  keepsTransport,
  leadsInside,
  mayReceiveLogin,
} from '@delivery/core/adapters/registry/hosts';
import { followRedirects } from '@delivery/core/adapters/registry/redirects';
import { checkRealm } from '@delivery/core/adapters/registry/token';
import type { HttpAnswer } from '@delivery/core/adapters/registry/transport';
import { uploadLocation } from '@delivery/core/adapters/registry/upload';
import { errorOf, never } from './setup.ts';

test.each([
  ['127.0.0.1:5000', 'http://127.0.0.1:5000'],
  ['localhost:5000', 'http://localhost:5000'],
  ['[::1]:5000', 'http://[::1]:5000'],
  ['127.8.9.10', 'http://127.8.9.10'],
  ['ghcr.io', 'https://ghcr.io'],
  ['127.0.0.1.evil.test', 'https://127.0.0.1.evil.test'],
  ['localhost.evil.test:80', 'https://localhost.evil.test:80'],
  ['docker.io', 'https://registry-1.docker.io'],
])('speaks to %s at %s', (host, origin) => {
  expect(apiOrigin(host)).toBe(origin);
  expect(isLoopback(host)).toBe(origin.startsWith('http:'));
});

test.each([
  ['https://a.test', 'https://b.test', true],
  ['https://a.test', 'http://a.test', false],
  ['https://a.test', 'http://127.0.0.1:1', false],
  ['http://127.0.0.1:1', 'http://localhost:2', true],
  ['http://127.0.0.1:1', 'http://a.test', false],
  ['http://127.0.0.1:1', 'https://a.test', true],
  ['https://a.test', 'ftp://a.test', false],
])('from %s to %s: TLS is kept, %s', (from, to, expected) => {
  expect(keepsTransport(new URL(from), new URL(to))).toBe(expected);
});

test.each([
  ['https://ghcr.io', 'https://ghcr.io/token', true],
  ['https://registry-1.docker.io', 'https://auth.docker.io/token', true],
  ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
  ['https://registry.example.org:5000', 'https://sso.example.org/token', true],
  ['https://ghcr.io', 'https://ghrc.io/token', false],
  ['https://ghcr.io', 'https://evil.io/token', false],
  ['https://registry.example.org', 'https://example.org.evil.test/token', false],
  ['https://registry.example.org', 'https://notexample.org/token', false],
  ['https://10.0.0.1', 'https://20.0.0.1/token', false],
  ['http://127.0.0.1:5000', 'http://localhost:5001/token', true],
  ['http://127.0.0.1:5000', 'https://evil.test/token', false],
  ['https://registry.example.org', 'https://trusted.test/token', true],
])('the login for %s may go to %s: %s', (registry, realm, expected) => {
  expect(mayReceiveLogin(new URL(registry), new URL(realm), ['trusted.test'])).toBe(expected);
});

const insides = [
  'https://10.1.2.3',
  'https://172.16.0.1',
  'https://172.31.255.255:8443',
  'https://192.168.1.1',
  'https://127.0.0.1',
  'https://2130706433',
  'https://0x7f.1',
  'https://0.0.0.0',
  'https://169.254.169.254',
  'https://localhost:5000',
  'https://a.localhost.',
  'https://[::1]',
  'https://[::]',
  'https://[fc00::1]',
  'https://[fdff::1]',
  'https://[fe80::1]',
  'https://[::ffff:10.0.0.1]',
];
const outsides = [
  'https://ghcr.io',
  'https://20.0.0.1',
  'https://172.32.0.1',
  'https://192.169.0.1',
  'https://[2001:db8::1]',
  'https://[fec0::1]',
  'https://[::ffff:20.0.0.1]',
  'https://localhost.evil.test',
  'https://10.evil.test',
];

test.each(insides)('%s is inside', (to) => {
  expect(leadsInside(new URL('https://ghcr.io'), new URL(to))).toBe(true);
  expect(leadsInside(new URL('http://127.0.0.1:5000'), new URL(to))).toBe(false);
});

test.each(outsides)('%s is not inside', (to) => {
  expect(leadsInside(new URL('https://ghcr.io'), new URL(to))).toBe(false);
});

describe('a registry outside does not lead', () => {
  const url = new URL('https://ghcr.io/v2/');
  const inside = 'https://169.254.169.254/latest';
  const answer: HttpAnswer = { url, status: 307, headers: new Headers({ location: inside }), bytes: new Uint8Array() };

  test('to a token service inside', () => {
    expect(() => checkRealm(inside, url, undefined, [])).toThrow('in the network of the runner, 169.254.169.254');
  });

  test('to an upload inside', () => {
    expect(() => uploadLocation(answer, 'copying')).toThrow("into the runner's network, to 169.254.169.254");
  });

  test('to a blob inside, by way of another host as well', async () => {
    const request = { method: 'GET', url, headers: {}, maxBytes: 0, what: 'reading', signal: never } as const;
    const away = { ...answer, headers: new Headers({ location: 'https://20.0.0.1/' }) };
    const asked: string[] = [];
    const send = async ({ url: to }: { url: URL }) => (asked.push(to.href), { ...answer, url: to });
    const error = await errorOf(followRedirects(away, request, send));
    expect(error.message).toContain("into the runner's network, to 169.254.169.254");
    expect(error.retryable).toBe(false);
    expect(asked).toEqual(['https://20.0.0.1/']);
  });
});

import { apiOrigin, isLoopback, keepsTransport, mayReceiveLogin } from '@delivery/core/adapters/registry/hosts';

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

import type { Attempt } from '../../../src/adapters/cluster/errors.ts';
import { answerError, connectionError, streamError } from '../../../src/adapters/cluster/errors.ts';

const attempt: Attempt = {
  verb: 'patch',
  resource: 'deployments',
  namespace: 'test',
  name: 'web',
  host: 'api.example.org:6443',
};
const body = (message: string) => JSON.stringify({ kind: 'Status', message });

describe('an answer of the API server', () => {
  it('is told on one bounded line, with its status', () => {
    const error = answerError(attempt, 422, body(`is invalid:\r\n::error::x\u001b[31m ${'y'.repeat(5000)}`));
    expect(error.message).toMatch(/^patch deployments web in namespace test: HTTP 422, is invalid: ::error::x y+…$/);
    expect(error.message.length).toBeLessThan(400);
    expect(error).toMatchObject({ system: 'cluster', status: 422, retryable: false, hint: undefined });
  });

  it.each(['<html>token=secret</html>', '', 'null', '{"message": 3}', '{"message": {"token": "secret"}}'])(
    'is told by its status alone when it is not a Status: %s',
    (text) => expect(answerError(attempt, 502, text).message).toBe('patch deployments web in namespace test: HTTP 502'),
  );

  it.each([
    [401, /api\.example\.org:6443 does not know this account.*expired/],
    [403, /verb patch on deployments in namespace test/],
    [404, /Check the namespace, and that api\.example\.org:6443/],
  ])('of status %i has a hint', (status, hint) => expect(answerError(attempt, status, '').hint).toMatch(hint));

  it('speaks of a missing right only where RBAC does', () => {
    const said = (message: string) => answerError(attempt, 403, body(message)).hint;
    expect(said('deployments.apps is forbidden: User "x" cannot patch resource "deployments"')).toMatch(/Grant/);
    expect(said('pods "x" is forbidden: exceeded quota: small')).toBeUndefined();
  });

  it.each([
    [400, false],
    [403, false],
    [404, false],
    [409, true],
    [410, false],
    [422, false],
    [429, true],
    [500, true],
    [503, true],
    [504, true],
  ])('of status %i may be repeated: %s', (status, retryable) =>
    expect(answerError(attempt, status, '').retryable).toBe(retryable),
  );
});

it('an ERROR within a watch may always be repeated, because a list follows', () => {
  const watch: Attempt = { verb: 'watch', resource: 'pods', namespace: 'test', host: 'h' };
  const error = streamError(watch, 403, body('no'));
  expect(error).toMatchObject({
    status: 403,
    retryable: true,
    message: 'watch pods in namespace test ended with code 403: no',
  });
});

describe('a request without an answer', () => {
  const failed = (code: string) =>
    new TypeError('fetch failed: Bearer secret', { cause: Object.assign(new Error('x'), { code }) });

  it.each([
    ['ECONNREFUSED', true, 'connection refused'],
    ['ECONNRESET', true, 'the connection was lost'],
    ['UND_ERR_SOCKET', true, 'the connection was lost'],
    ['EAI_AGAIN', true, 'the connection was lost'],
    ['UND_ERR_CONNECT_TIMEOUT', true, 'no answer in time'],
    ['ETIMEDOUT', true, 'no answer in time'],
    ['ENOTFOUND', false, 'the host is not known'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, 'its certificate is not trusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, 'its certificate is not trusted'],
    ['CERT_HAS_EXPIRED', false, 'its certificate is not trusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'its certificate is not trusted'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', false, 'TLS failed'],
  ])('%s: may be repeated %s, %s', (code, retryable, said) => {
    const error = connectionError(attempt, failed(code));
    expect(error.message).toBe(`patch deployments web in namespace test: ${said} (${code})`);
    expect(error).toMatchObject({ status: undefined, retryable });
    expect(error.hint).toMatch(/^The API server is api\.example\.org:6443\. /);
  });

  it('shows nothing of an error without a code', () => {
    expect(connectionError(attempt, failed('token=secret lower')).message).not.toContain('secret');
    expect(connectionError(attempt, 'secret').message).not.toContain('secret');
  });
});

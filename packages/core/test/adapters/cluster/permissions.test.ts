import { permissionsContract } from '@delivery/testing/contracts/permissions';
import type { Rule } from '@delivery/testing/fake-permissions';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { systemClock } from '../../../src/adapters/clock.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { Right } from '../../../src/domain/rights.ts';
import type { Missing, Permissions } from '../../../src/ports/permissions.ts';
import { status, StubApiServer } from './stub-api-server.ts';

permissionsContract('FakePermissions', async () => {
  const permissions = new FakePermissions();
  return Promise.resolve({
    permissions,
    namespace: 'test',
    allowOnly: async (rules: readonly Rule[]) => permissions.allowOnly('test', rules),
    close: async () => undefined,
  });
});

const get: Right = { group: '', resource: 'pods', verb: 'get' };
const logs: Right = { group: '', resource: 'pods/log', verb: 'get' };
const patch: Right = { group: 'apps', resource: 'deployments', verb: 'patch' };
const { signal } = new AbortController();
const lacking = (...denied: readonly Right[]): Missing => ({ denied, unknown: [] });

describe('the adapter', () => {
  let server: StubApiServer;
  let permissions: Permissions;
  /** What the review of rules and each review of access answer. */
  let rules: readonly object[] | null;
  let allowed: boolean;
  beforeEach(async () => {
    server = await StubApiServer.start();
    const options = { kubeconfig: server.kubeconfig(), env: {}, clock: systemClock, mask: () => {} };
    permissions = connectCluster(options).permissions;
    [rules, allowed] = [null, false];
    server.intercept = (request) => ({
      status: 201,
      body: { status: request.endsWith('rulesreviews') ? { resourceRules: rules, incomplete: true } : { allowed } },
    });
  });
  afterEach(() => server.close());

  const path = 'POST /apis/authorization.k8s.io/v1';

  it('makes one request where the rules show everything', async () => {
    rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    expect(await permissions.missing('test', [get, logs, patch], signal)).toEqual(lacking());
    expect(server.requests).toEqual([`${path}/selfsubjectrulesreviews`]);
    expect(JSON.parse(server.bodies[0] ?? '')).toMatchObject({
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: 'test' },
    });
  });

  it('asks one by one for what the rules do not show, which another authorizer may allow', async () => {
    rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    allowed = true;
    expect(await permissions.missing('test', [get, logs, patch], signal)).toEqual(lacking());
    expect(server.requests.slice(1)).toEqual(Array(2).fill(`${path}/selfsubjectaccessreviews`));
    const asked = server.bodies.slice(1).map((body) => (JSON.parse(body) as { spec: object }).spec);
    expect(asked).toEqual(
      expect.arrayContaining([
        { resourceAttributes: { namespace: 'test', verb: 'get', group: '', resource: 'pods', subresource: 'log' } },
        { resourceAttributes: { namespace: 'test', verb: 'patch', group: 'apps', resource: 'deployments' } },
      ]),
    );
    allowed = false;
    expect(await permissions.missing('test', [get, logs, patch], signal)).toEqual(lacking(logs, patch));
  });

  it('takes a rule for a subresource of any resource', async () => {
    rules = [{ apiGroups: [''], resources: ['*/log'], verbs: ['get'] }];
    expect(await permissions.missing('test', [get, logs], signal)).toEqual(lacking(get));
  });

  it('asks with the name for each object that the rules do not show', async () => {
    rules = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], resourceNames: ['web'] }];
    expect(await permissions.missing('test', [{ ...patch, names: ['web', 'beat'] }], signal)).toEqual(
      lacking({ ...patch, names: ['beat'] }),
    );
    expect(server.bodies.slice(1).map((body) => (JSON.parse(body) as { spec: object }).spec)).toEqual([
      {
        resourceAttributes: { namespace: 'test', verb: 'patch', group: 'apps', resource: 'deployments', name: 'beat' },
      },
    ]);
  });

  it('gives what is denied though the review of another fails', async () => {
    const answer = server.intercept;
    let reviews = 0;
    server.intercept = (request) => {
      if (request.endsWith('accessreviews')) reviews += 1;
      return reviews === 1 ? { status: 403, body: status(403, 'no') } : answer(request);
    };
    const { denied, unknown } = await permissions.missing('test', [get, logs, patch], signal);
    expect(unknown).toEqual([
      { right: expect.anything() as Right, why: expect.objectContaining({ status: 403 }) as object },
    ]);
    const [failed] = unknown.map(({ right }) => right);
    expect(denied).toEqual([get, logs, patch].filter((right) => right !== failed));
  });

  it.each([403, 404, 405])('throws HTTP %i of the reviews themselves', async (code) => {
    server.intercept = () => ({ status: code, body: status(code, 'no') });
    await expect(permissions.missing('test', [get], signal)).rejects.toMatchObject({
      status: code,
      message: expect.stringMatching(/^create selfsubjectrulesreviews: HTTP/) as string,
    });
  });
});

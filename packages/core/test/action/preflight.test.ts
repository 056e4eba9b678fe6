import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeLog } from '@delivery/testing/fake-step';
import { preflight } from '../../src/action/preflight.ts';
import type { Need } from '../../src/domain/rights.ts';
import { events, jobs, pods, rightsTo } from '../../src/domain/rights.ts';
import { CancelledError, RemoteError } from '../../src/errors/errors.ts';

const launch = [...rightsTo(jobs, 'list', 'create'), ...rightsTo(events, 'list')];
const needs: readonly Need[] = [
  { cluster: undefined, namespace: 'test', rights: launch },
  { cluster: 'far', namespace: 'prod', rights: launch },
  { cluster: 'far', namespace: 'prod', rights: [...rightsTo(pods, 'get'), ...launch] },
];

let here: FakePermissions;
let far: FakePermissions;
let log: FakeLog;
let stop: AbortController;
beforeEach(() => {
  [here, far, log, stop] = [new FakePermissions(), new FakePermissions(), new FakeLog(), new AbortController()];
});

async function start(): Promise<void> {
  const connect = (cluster: string | undefined) => (cluster === 'far' ? far : here);
  await preflight('launch-loader', needs, connect, { log, signal: stop.signal });
}

describe('preflight', () => {
  it('asks once for each namespace, whatever is done there', async () => {
    await start();
    expect([here.asked, far.asked]).toEqual([['test'], ['prod']]);
  });

  it('names everything that is missing everywhere, and the Role that has it', async () => {
    here.allowOnly('test', [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['list'] }]);
    far.allowOnly('prod', [{ apiGroups: ['batch', ''], resources: ['jobs', 'events'], verbs: ['*'] }]);
    await expect(start()).rejects.toMatchObject({
      code: 'rights-missing',
      message:
        'The account lacks rights that launch-loader needs, and nothing was changed.\n' +
        'namespace test: events: list; jobs (batch): create\n' +
        'cluster far, namespace prod: pods: get',
      hint: expect.stringContaining('deploy/components/access/launch-loader') as string,
    });
  });

  it.each([403, 404, 405, undefined])('goes on where nothing is answered (status %s), and says so', async (status) => {
    here.trouble = new RemoteError('cluster', 'create selfsubjectrulesreviews: no', { status, retryable: false });
    await start();
    expect(log.of('info').join('\n')).toContain(
      'Whether the account has the rights it needs in namespace test is not known: create selfsubjectrulesreviews: no.',
    );
    far.allowOnly('prod', []);
    await expect(start()).rejects.toMatchObject({ code: 'rights-missing' });
  });

  it('names what is missing for certain though others could not be asked for, which the log says', async () => {
    here.allowOnly('test', []);
    here.unanswered.set('create', new RemoteError('cluster', 'no answer', { status: 503, retryable: true }));
    await expect(start()).rejects.toMatchObject({
      message: expect.stringMatching(/\nnamespace test: events: list; jobs \(batch\): list$/) as string,
    });
    expect(log.of('info')).toEqual([
      'Whether the account has these rights in namespace test is not known: jobs (batch): create (no answer).',
    ]);
  });

  it.each([
    ['image.openshift.io', 'imagestreams', true],
    ['', 'replicationcontrollers', true],
    ['apps', 'deployments', false],
  ])('names the component of OpenShift where what is missing is its own: %s %s', async (group, resource, named) => {
    here.allowOnly('test', []);
    const lacking = [{ cluster: undefined, namespace: 'test', rights: rightsTo({ group, resource }, 'list') }];
    const asked = preflight('deploy-test', lacking, () => here, { log, signal: stop.signal });
    const openShift = named ? ' (with what deploy/components/access/openshift adds)' : '';
    const role = `the Role of deploy/components/access/deploy-test${openShift} in this namespace, or grant exactly these;`;
    await expect(asked).rejects.toMatchObject({ hint: expect.stringContaining(role) as string });
  });

  it('ends with the reason of a cancel', async () => {
    const reason = new CancelledError('the test');
    stop.abort(reason);
    await expect(start()).rejects.toBe(reason);
  });
});

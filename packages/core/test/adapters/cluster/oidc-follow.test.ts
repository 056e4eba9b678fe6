import { FakeClock } from '@delivery/testing/fake-clock';
import { ApiClient } from '../../../src/adapters/cluster/api-client.ts';
import type { ApiRequest } from '../../../src/adapters/cluster/api-client.ts';
import { follow } from '../../../src/adapters/cluster/follow.ts';
import { Http1KubeConfig } from '../../../src/adapters/cluster/http1-config.ts';
import { RemoteError } from '../../../src/errors/errors.ts';

const keeper = { replace: () => {}, put: () => {}, remove: () => {}, reached: () => {} };

/** What is asked when each of the first watches ends by `error`. */
async function asked(error: RemoteError, times: number): Promise<string[]> {
  const stop = new AbortController();
  const requests: string[] = [];
  class Client extends ApiClient {
    override text(): Promise<string> {
      requests.push('list');
      return Promise.resolve(JSON.stringify({ items: [], metadata: { resourceVersion: '7' } }));
    }
    override lines({ query }: ApiRequest): Promise<void> {
      requests.push(`watch ${query?.['resourceVersion']}`);
      if (requests.filter((request) => request !== 'list').length > times) stop.abort(new Error('enough'));
      return Promise.reject(error);
    }
  }
  const clock = new FakeClock();
  const client = new Client(new Http1KubeConfig(), 'https://localhost', clock);
  const collection = { group: '/api/v1', resource: 'pods', namespace: 'test' };
  const running = follow(client, collection, keeper, { from: undefined }, clock, stop.signal);
  await expect(clock.passUntil(running, 60_000)).rejects.toThrow('enough');
  return requests;
}

const failed = (system: RemoteError['system']) => new RemoteError(system, 'HTTP 500', { status: 500, retryable: true });

test('a watch goes on from where it was when GitHub gave no token for a while', async () => {
  expect(await asked(failed('github'), 6)).toEqual(['list', ...Array.from({ length: 7 }, () => 'watch 7')]);
});

test('after an error of the cluster it lists again', async () => {
  expect(await asked(failed('cluster'), 1)).toEqual(['list', 'watch 7', 'list', 'watch 7']);
});

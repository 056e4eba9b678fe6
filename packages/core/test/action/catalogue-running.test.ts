import { readRunning } from '@delivery/core/action/catalogue-running';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';
import { FakeClock } from '@delivery/testing/fake-clock';
import { newProject } from '@delivery/testing/new-project';
import { signal, Stage } from './catalogue-stage.ts';

const fedBy = { namespace: 'test', stream: 'web-stream', tag: 'latest' };

it.each([
  ['first', [{ fedBy }, {}]],
  ['last', [{}, { fedBy }]],
])(
  'knows the build of an image that the cluster names when the %s container of it is fed by a trigger',
  async (_, given) => {
    const stage = new Stage();
    const [digest = ''] = stage.push(7);
    // As a trigger with the reference policy Local writes it.
    const image = `image-registry.svc:5000/test/web-stream@${digest}`;
    const containers = given.map((one, index) => ({ name: `c${index}`, image, init: false, ...one }));
    const cluster = new FakeCluster();
    cluster.putWorkload(newWorkload({ containers }));
    const workloads = { web: [{ kind: 'Deployment', name: 'web', containers: ['c0', 'c1'] }] } as const;
    const topology = { images: { web: stage.image }, projects: { test: newProject('test', { workloads }) } };
    const { projects, unknown } = await readRunning(await stage.read(), topology, () => cluster, {
      clock: new FakeClock(),
      signal,
    });
    expect([...projects]).toEqual([[digest, ['test']]]);
    expect([...unknown]).toEqual([]);
  },
);

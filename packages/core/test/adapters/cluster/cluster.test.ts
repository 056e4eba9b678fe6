import { systemClock } from '../../../src/adapters/clock.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Cluster, ImageChange } from '../../../src/ports/cluster.ts';
import { newPod } from '@delivery/testing/fake-cluster';
import { status, StubApiServer } from './stub-api-server.ts';

const fast: Clock = { now: () => new Date(), sleep: async (ms, signal) => systemClock.sleep(ms / 20, signal) };
const web = { kind: 'Deployment', namespace: 'test', name: 'web' } as const;
const signal = new AbortController().signal;
const real = { dryRun: false };

function deployment(image: string, annotations?: object): object {
  const spec = { initContainers: [{ name: 'migrate', image }], containers: [{ name: 'web', image }] };
  return { metadata: { name: 'web', namespace: 'test', uid: 'u1', annotations }, spec: { template: { spec } } };
}

type Answer = NonNullable<ReturnType<StubApiServer['intercept']>>;

let server: StubApiServer;
let cluster: Cluster;
beforeEach(async () => {
  server = await StubApiServer.start();
  cluster = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock: fast, mask: () => {} }).cluster;
});
afterEach(() => server.close());

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('a request', () => {
  it('is repeated when the server is too busy, fails or loses the connection', async () => {
    const answers = [{ status: 503, body: '' }, { status: 429, body: '' }, 'cut', { status: 500, body: '' }] as const;
    let count = 0;
    server.intercept = () => answers[count++] ?? { status: 200, body: deployment('r/web:1') };
    expect(await cluster.readWorkload(web, signal)).toMatchObject({ name: 'web' });
    expect(server.requests).toHaveLength(5);
  });

  it.each([400, 401, 403])('is not repeated after HTTP %i', async (code) => {
    server.intercept = () => ({ status: code, body: status(code, 'no') });
    expect(await failure(cluster.readWorkload(web, signal))).toMatchObject({ status: code, retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  it('ends with the reason of the signal between two attempts', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    server.intercept = () => {
      stop.abort(reason);
      return { status: 503, body: '' };
    };
    expect(await failure(cluster.readWorkload(web, stop.signal))).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  it('keeps names from outside within their place of the path', async () => {
    server.intercept = () => ({ status: 404, body: '' });
    await cluster.readWorkload({ ...web, name: '../../secrets?x=' }, signal);
    expect(server.requests).toEqual(['GET /apis/apps/v1/namespaces/test/deployments/..%2F..%2Fsecrets%3Fx%3D']);
  });

  it('does not open a connection for each request, as the client does by itself', async () => {
    server.intercept = () => ({ status: 404, body: '' });
    for (let count = 0; count < 20; count += 1) await cluster.readWorkload(web, signal);
    expect(server.connections).toBeLessThanOrEqual(2);
  });
});

describe('setImages', () => {
  const change: ImageChange = {
    images: { migrate: 'r/web:2', web: 'r/web:2' },
    annotations: { 'example.org/a~b': '1', 'example.org/old': null },
    expected: { web: 'r/web:1' },
  };
  const patches = () => server.requests.filter((request) => request.startsWith('PATCH'));

  it('sends one patch that the server applies whole or not at all, guarded by what was read', async () => {
    server.intercept = (request) => ({
      status: 200,
      body: deployment(request.startsWith('PATCH') ? 'r/web:2' : 'r/web:1', { 'example.org/old': 'x' }),
    });
    const workload = await cluster.setImages(web, change, { dryRun: true }, signal);
    expect(workload.containers.map(({ image }) => image)).toEqual(['r/web:2', 'r/web:2']);
    const query = 'fieldManager=fragalysis-actions&dryRun=All';
    expect(patches()).toEqual([`PATCH /apis/apps/v1/namespaces/test/deployments/web?${query}`]);
    const place = '/spec/template/spec';
    expect(JSON.parse(server.bodies[0] ?? '')).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u1' },
      { op: 'test', path: `${place}/initContainers/0/name`, value: 'migrate' },
      { op: 'replace', path: `${place}/initContainers/0/image`, value: 'r/web:2' },
      { op: 'test', path: `${place}/containers/0/name`, value: 'web' },
      { op: 'test', path: `${place}/containers/0/image`, value: 'r/web:1' },
      { op: 'replace', path: `${place}/containers/0/image`, value: 'r/web:2' },
      { op: 'add', path: '/metadata/annotations/example.org~1a~0b', value: '1' },
      { op: 'remove', path: '/metadata/annotations/example.org~1old' },
    ]);
  });

  it('makes the annotations when there are none, unless somebody else has meanwhile', async () => {
    server.intercept = () => ({ status: 200, body: deployment('r/web:1') });
    await cluster.setImages(web, { images: {}, annotations: { a: '1', b: null } }, { dryRun: false }, signal);
    expect(JSON.parse(server.bodies[0] ?? '')).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u1' },
      { op: 'test', path: '/metadata/annotations', value: null },
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'add', path: '/metadata/annotations/a', value: '1' },
    ]);
  });

  it('answers 409 when another image came between reading and patching', async () => {
    let image = 'r/web:1';
    server.intercept = (request) => {
      if (!request.startsWith('PATCH')) return { status: 200, body: deployment(image) };
      image = 'r/web:3';
      return { status: 422, body: status(422, 'the server rejected our request due to an error in our request') };
    };
    expect(await failure(cluster.setImages(web, change, { dryRun: false }, signal))).toMatchObject({
      status: 409,
      retryable: false,
      message: 'Deployment test/web was changed by somebody else: container web runs r/web:3 now, not r/web:1',
    });
  });

  it('makes the patch anew when the first annotation came between reading and patching', async () => {
    let annotations: object | undefined;
    server.intercept = (request) => {
      if (!request.startsWith('PATCH') || annotations) return { status: 200, body: deployment('r/web:1', annotations) };
      annotations = { 'deployment.kubernetes.io/revision': '1' };
      return { status: 422, body: status(422, 'the server rejected our request due to an error in our request') };
    };
    await cluster.setImages(web, { images: {}, annotations: { a: '1' } }, { dryRun: true }, signal);
    expect(patches()).toHaveLength(2);
    expect(JSON.parse(server.bodies[1] ?? '')).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u1' },
      { op: 'add', path: '/metadata/annotations/a', value: '1' },
    ]);
  });

  it('gives the 422 of a value that is not allowed as it is', async () => {
    server.intercept = (request) =>
      request.startsWith('PATCH')
        ? { status: 422, body: status(422, 'image: Required value') }
        : { status: 200, body: deployment('r/web:1') };
    expect(await failure(cluster.setImages(web, change, { dryRun: false }, signal))).toMatchObject({
      status: 422,
      message: expect.stringContaining('image: Required value') as string,
    });
  });

  /** Answers the first patch, which takes effect, with the first of `answers`, and what is read next with the others. */
  const losing = ([lost, ...answers]: [Answer, ...Answer[]]) => {
    let object = deployment('r/web:1');
    server.intercept = (request) => {
      if (!request.startsWith('PATCH'))
        return (patches().length > 0 ? answers.shift() : undefined) ?? { status: 200, body: object };
      object = deployment('r/web:2', { 'example.org/a~b': '1' });
      return lost;
    };
  };

  it.each<[string, ...[Answer, ...Answer[]]]>([
    ['was lost', 'cut'],
    ['is that the store was too slow', { status: 500, body: status(500, 'etcdserver: request timed out') }],
    ['is that of a proxy', { status: 502, body: '<html>' }],
    ['is that of a proxy that waits no longer', { status: 504, body: '' }],
    ['was lost, and a refusal after it', 'cut', { status: 429, body: '' }],
  ])('takes a change as done whose answer %s, instead of calling it a conflict', async (_, ...answers) => {
    losing(answers);
    expect((await cluster.setImages(web, change, real, signal)).containers[0]?.image).toBe('r/web:2');
    expect(patches()).toHaveLength(1);
  });

  it('is a conflict after an answer that said that nothing was done', async () => {
    losing([{ status: 429, body: '' }]);
    expect(await failure(cluster.setImages(web, change, real, signal))).toMatchObject({ status: 409 });
  });

  describe('whose answer did not come in the time of a request', () => {
    /** The time of a request passes when this is called. */
    let late: () => void;
    let skipped = 0;
    const slow: Clock = {
      now: () => new Date(Date.now() + skipped),
      async sleep(ms, stop) {
        if (ms < 30_000) return fast.sleep(ms, stop);
        await new Promise<void>((resolve) => (late = resolve));
        skipped += ms;
      },
    };
    const set = async (after: object, stop = signal) => {
      let object = deployment('r/web:1');
      server.intercept = (request) => (request.startsWith('PATCH') ? undefined : { status: 200, body: object });
      server.stream = () => {
        object = after;
        setImmediate(late);
        return true;
      };
      const options = { kubeconfig: server.kubeconfig(), env: {}, clock: slow, mask: () => {} };
      return connectCluster(options).cluster.setImages(web, change, real, stop);
    };

    it('looks once more, and is done when the change is there', async () => {
      const workload = await set(deployment('r/web:2', { 'example.org/a~b': '1' }));
      expect(workload.containers[0]?.image).toBe('r/web:2');
      expect(patches()).toHaveLength(1);
    });

    it('says that no answer came when the change is not there', async () => {
      const error = await failure(set(deployment('r/web:1')));
      expect(error).toMatchObject({
        status: undefined,
        message: expect.stringContaining('no answer in time') as string,
      });
      expect(server.requests).toHaveLength(3);
    });
  });
});

describe('readLog', () => {
  const pod = newPod({ name: 'web-1' });
  const options = { previous: true, tailLines: 8, limitBytes: 20 };

  it('asks for fewer lines when the limit would cut off the end', async () => {
    const lines = Array.from({ length: 8 }, (_, index) => `line ${index + 1}\n`);
    server.intercept = (request) => {
      const wanted = Number(new URL(request.split(' ')[1] ?? '', 'https://stub').searchParams.get('tailLines'));
      return { status: 200, body: lines.slice(-wanted).join('').slice(0, 20) };
    };
    expect(await cluster.readLog(pod, 'web', options, signal)).toBe('line 7\nline 8\n');
    expect(server.requests[0]).toBe(
      'GET /api/v1/namespaces/test/pods/web-1/log?container=web&previous=true&tailLines=8&limitBytes=20',
    );
  });

  it.each([
    [400, status(400, 'previous terminated container "web" in pod "web-1" not found')],
    [400, status(400, 'container "web" in pod "web-1" is waiting to start: ContainerCreating')],
    [404, status(404, 'pods "web-1" not found')],
    [204, ''],
    [200, 'unable to retrieve container logs for containerd://0123'],
  ])('gives an empty text for %i %j', async (code, body) => {
    server.intercept = () => ({ status: code, body });
    expect(await cluster.readLog(pod, 'web', options, signal)).toBe('');
  });

  it('fails when the account may not read logs', async () => {
    server.intercept = () => ({ status: 403, body: status(403, 'pods "web-1" is forbidden') });
    expect(await failure(cluster.readLog(pod, 'web', options, signal))).toMatchObject({
      status: 403,
      hint: expect.stringContaining('verb get on pods/log in namespace test') as string,
    });
  });
});

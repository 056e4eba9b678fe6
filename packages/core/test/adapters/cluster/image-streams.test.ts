import type { DeploymentTrigger } from '../../../src/adapters/cluster/image-stream-feeds.ts';
import { fedByAnnotation, fedByTriggers } from '../../../src/adapters/cluster/image-stream-feeds.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Cluster } from '../../../src/ports/cluster.ts';
import { status, StubApiServer } from './stub-api-server.ts';

const { signal } = new AbortController();
const containers = [
  { name: 'migrate', image: 'r.example.org/web:1', init: true },
  { name: 'web', image: 'r.example.org/web:1', init: false },
];
const from = { kind: 'ImageStreamTag', name: 'web-stream:latest' };
const path = 'spec.template.spec.containers[?(@.name=="web")].image';
const tag = { namespace: 'test', stream: 'web-stream', tag: 'latest' };

describe('the annotation image.openshift.io/triggers', () => {
  const fed = (triggers: unknown) => {
    const text = typeof triggers === 'string' ? triggers : JSON.stringify(triggers);
    const metadata = { namespace: 'test', annotations: { 'image.openshift.io/triggers': text } };
    return fedByAnnotation(containers, metadata).map(({ fedBy }) => fedBy);
  };

  it.each<[string, unknown, unknown[]]>([
    ['a container by name', [{ from, fieldPath: path }], [undefined, tag]],
    ['a container by place', [{ from, fieldPath: 'spec.template.spec.containers[0].image' }], [undefined, tag]],
    [
      'an init container',
      [{ from, fieldPath: path.replace('containers', 'initContainers').replace('web', 'migrate') }],
      [tag, undefined],
    ],
    [
      'a stream elsewhere',
      [{ from: { ...from, namespace: 'cicd' }, fieldPath: path }],
      [undefined, { ...tag, namespace: 'cicd' }],
    ],
  ])('feeds %s', (_, triggers, expected) => {
    expect(fed(triggers)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['paused', [{ from, fieldPath: path, paused: true }]],
    ['paused as a text, which the controller cannot read', [{ from, fieldPath: path, paused: 'false' }]],
    ['there twice', [0, 1].map(() => ({ from, fieldPath: path }))],
    ['no JSON', '[{'],
    ['null', 'null'],
    ['a list of nothing', [null]],
    ['of another kind', [{ from: { kind: 'ImageStreamImage', name: 'web-stream@sha256:1' }, fieldPath: path }]],
    ['without a tag', [{ from: { ...from, name: 'web-stream' }, fieldPath: path }]],
    ['for a path with other quotes', [{ from, fieldPath: path.replaceAll('"', "'") }]],
    ['for a container that is not there', [{ from, fieldPath: path.replace('web', 'worker') }]],
  ])('feeds nothing when a trigger is %s', (_, triggers) => {
    expect(fed(triggers)).toEqual([undefined, undefined]);
  });
});

it.each<[string, DeploymentTrigger, boolean]>([
  ['automatic', { type: 'ImageChange', imageChangeParams: { automatic: true, containerNames: ['web'], from } }, true],
  ['not automatic', { type: 'ImageChange', imageChangeParams: { containerNames: ['web'], from } }, false],
  [
    'for another container',
    { type: 'ImageChange', imageChangeParams: { automatic: true, containerNames: ['x'], from } },
    false,
  ],
  ['of its configuration', { type: 'ConfigChange' }, false],
])('a trigger of a DeploymentConfig that is %s', (_, trigger, feeds) => {
  expect(fedByTriggers(containers, [trigger], 'test')[1]?.fedBy).toEqual(feeds ? tag : undefined);
});

describe('a container that a trigger feeds', () => {
  const reference = (digit: string) => `r.example.org/web@sha256:${digit.repeat(64)}`;
  const web = { kind: 'DeploymentConfig', namespace: 'test', name: 'web' } as const;
  const change = { images: { web: reference('b') }, annotations: {}, expected: { web: reference('a') } };
  let server: StubApiServer;
  let cluster: Cluster;
  let stream: { metadata: object; spec: { tags: object[] }; status: object };
  let triggers: object[];
  beforeEach(async () => {
    server = await StubApiServer.start();
    cluster = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock: hurrying(), mask: () => {} });
    triggers = [{ type: 'ImageChange', imageChangeParams: { automatic: true, containerNames: ['web'], from } }];
    stream = {
      metadata: { uid: 's1', resourceVersion: '7' },
      spec: { tags: [{ name: 'latest', from: { kind: 'DockerImage', name: reference('a') }, generation: 2 }] },
      status: { tags: [{ tag: 'latest', items: [{ image: reference('a').split('@')[1], generation: 2 }] }] },
    };
    server.intercept = (request) => {
      const template = { spec: { containers: [{ name: 'web', image: reference('a') }] } };
      if (request.includes('/imagestreams/')) {
        return { status: 200, body: patched(stream, server.bodies) };
      }
      const metadata = { name: 'web', namespace: 'test', uid: 'u1', generation: 4 };
      return { status: 200, body: { metadata, spec: { replicas: 1, triggers, template } } };
    };
  });
  afterEach(() => server.close());

  const failure = () => cluster.setImages(web, change, { dryRun: false }, signal).catch((error: unknown) => error);

  it('is given up when the trigger stays silent, and the tag is set back', async () => {
    expect(await failure()).toMatchObject({ code: 'trigger-silent' });
    expect(patched(stream, server.bodies).spec.tags).toMatchObject([
      { name: 'latest', from: { name: expect.stringContaining('a'.repeat(64)) as string } },
    ]);
  });

  it('is not set while its tag names another image already', async () => {
    stream.spec.tags = [{ name: 'latest', from: { kind: 'DockerImage', name: reference('c') }, generation: 3 }];
    expect(await failure()).toMatchObject({ system: 'cluster', status: 409 });
    expect(server.requests.filter((request) => request.startsWith('PATCH'))).toEqual([]);
  });

  it('is not set, and the missing stream named, when the trigger names one that is not there', async () => {
    const { intercept } = server;
    server.intercept = (request) =>
      request.includes('/imagestreams/') ? { status: 404, body: status(404, 'not found') } : intercept(request);
    expect(await failure()).toMatchObject({
      status: 404,
      message: expect.stringContaining('ImageStream test/web-stream') as string,
    });
  });

  it('is refused where the DeploymentConfig has no trigger at all, since nothing would be rolled out', async () => {
    triggers = [];
    expect(await failure()).toMatchObject({ code: 'no-trigger' });
    expect(server.requests.filter((request) => request.startsWith('PATCH'))).toEqual([]);
  });
});

/** Short pauses pass at once; the limits of requests, which go over real connections, never. */
function hurrying(): Clock {
  let now = Date.parse('2026-09-15T16:00:00Z');
  return {
    now: () => new Date(now),
    async sleep(ms, stop) {
      if (ms > 3_000)
        await new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason as Error)));
      now += ms;
    },
  };
}

/** The stream as all patches have left it. */
function patched<T extends { spec: { tags: object[] } }>(stream: T, bodies: readonly string[]): T {
  const operations = bodies.flatMap((body) => JSON.parse(body) as { op: string; path: string; value: object }[]);
  const tag = operations.findLast(({ op, path: at }) => op === 'replace' && at === '/spec/tags/0')?.value;
  return tag ? { ...stream, spec: { tags: [tag] } } : stream;
}

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
    ['of a stream whose name is a path', [{ from: { ...from, name: '../secrets:latest' }, fieldPath: path }]],
    ['of a stream with a name too long', [{ from: { ...from, name: `${'a.'.repeat(126)}aa:x` }, fieldPath: path }]],
    ['of a tag that is none', [{ from: { ...from, name: 'web-stream:-x' }, fieldPath: path }]],
    ['of a tag that is too long', [{ from: { ...from, name: `web-stream:${'x'.repeat(129)}` }, fieldPath: path }]],
    ['of no text', [{ from: { ...from, name: 7 }, fieldPath: path }]],
    ['of a namespace that is none', [{ from: { ...from, namespace: 'a/b' }, fieldPath: path }]],
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
  let image: string;
  let afterPatch: () => void;
  beforeEach(async () => {
    server = await StubApiServer.start();
    cluster = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock: hurrying(), mask: () => {} }).cluster;
    triggers = [{ type: 'ImageChange', imageChangeParams: { automatic: true, containerNames: ['web'], from } }];
    stream = {
      metadata: { uid: 's1', resourceVersion: '7' },
      spec: { tags: [{ name: 'latest', from: { kind: 'DockerImage', name: reference('a') }, generation: 2 }] },
      status: { tags: [{ tag: 'latest', items: [{ image: reference('a').split('@')[1], generation: 2 }] }] },
    };
    afterPatch = () => {};
    // What a patch does is known only when its body is there.
    server.stream = (_, response) => {
      response.req.on('end', () => {
        const refused = patch(stream, server.bodies.at(-1) ?? '');
        response.writeHead(refused === undefined ? 200 : 422, { 'content-type': 'application/json' });
        response.end(JSON.stringify(refused === undefined ? stream : status(422, refused)));
        afterPatch();
      });
      return true;
    };
    image = reference('a');
    server.intercept = (request) => {
      const template = { spec: { containers: [{ name: 'web', image }] } };
      if (request.includes('/imagestreams/')) {
        return request.startsWith('PATCH') ? undefined : { status: 200, body: stream };
      }
      const metadata = { name: 'web', namespace: 'test', uid: 'u1', generation: 4 };
      return { status: 200, body: { metadata, spec: { replicas: 1, triggers, template } } };
    };
  });
  afterEach(() => server.close());

  const failure = () => cluster.setImages(web, change, { dryRun: false }, signal).catch((error: unknown) => error);

  it('is given up when the trigger stays silent, and the tag is set back', async () => {
    expect(await failure()).toMatchObject({ code: 'trigger-silent', message: containing('tag latest, is set back') });
    expect(stream.spec.tags).toMatchObject([{ name: 'latest', from: { name: containing('a'.repeat(64)) } }]);
  });

  it('keeps its tag on a way back whose trigger stays silent, and says so', async () => {
    const back = { dryRun: false, keepTags: true };
    await expect(cluster.setImages(web, change, back, signal)).rejects.toMatchObject({
      code: 'trigger-silent',
      message: containing('tag latest, stays set to bbbbbbbbbbbb'),
    });
    expect(stream.spec.tags).toMatchObject([{ name: 'latest', from: { name: reference('b') } }]);
  });

  it.each<[string, (request: string) => number | undefined]>([
    ['is refused its note', (request) => (request.startsWith('PATCH') ? 403 : undefined)],
    ['gets no answer to its note', (request) => (request.startsWith('PATCH') ? 503 : undefined)],
    ['cannot be read any more', () => 403],
  ])('keeps its tag on a way back that has come and then %s', async (_, answer) => {
    const { intercept } = server;
    afterPatch = () => (image = reference('b'));
    server.intercept = (request) => {
      const isOfTag = image === reference('a') || request.includes('/imagestreams/');
      const code = isOfTag ? undefined : answer(request);
      return code === undefined ? intercept(request) : { status: code, body: status(code, 'not now') };
    };
    const annotations = { 'delivery.actions/build': '267' };
    const back = cluster.setImages(web, { ...change, annotations }, { dryRun: false, keepTags: true }, signal);
    await expect(back).rejects.toMatchObject({ message: containing('tag latest, stays set to bbbbbbbbbbbb') });
    expect(stream.spec.tags).toMatchObject([{ name: 'latest', from: { name: reference('b') } }]);
  });

  it('has its tag set back on a way back too when its image cannot be imported', async () => {
    afterPatch = () => {
      const conditions = [{ type: 'ImportSuccess', status: 'False', reason: 'NotFound', generation: 3 }];
      const [tagNow] = stream.spec.tags as [{ from: { name: string } }];
      const isBack = tagNow.from.name.includes('a'.repeat(64));
      stream.spec.tags = [{ ...tagNow, generation: isBack ? 2 : 3 }];
      stream.status = { tags: [{ tag: 'latest', items: [], conditions: isBack ? [] : conditions }] };
    };
    await expect(cluster.setImages(web, change, { dryRun: false, keepTags: true }, signal)).rejects.toMatchObject({
      code: 'import-failed',
      message: containing('is set back'),
    });
    expect(stream.spec.tags).toMatchObject([{ from: { name: containing('a'.repeat(64)) } }]);
  });

  it('leaves no tag behind where there was none', async () => {
    stream = { ...stream, spec: { tags: [] }, status: { tags: [] } };
    expect(await failure()).toMatchObject({ code: 'trigger-silent', message: containing('is set back') });
    expect(stream.spec.tags).toEqual([]);
  });

  it('is set by a tag that was imported by schedule, which a digest cannot be', async () => {
    const policy = { scheduled: true, insecure: true };
    const before = { from: { kind: 'DockerImage', name: 'r.example.org/web:latest' }, importPolicy: policy };
    stream.spec.tags = [{ name: 'latest', ...before, generation: 2 }];
    expect(await failure()).toMatchObject({ code: 'trigger-silent' });
    expect(stream.spec.tags).toMatchObject([
      { from: { kind: 'ImageStreamImage' }, importPolicy: { scheduled: false, insecure: true } },
    ]);
    stream = { ...stream, spec: { tags: [{ name: 'latest', ...before, generation: 2 }] }, status: { tags: [] } };
    expect(await failure()).toMatchObject({ code: 'trigger-silent' });
    expect(stream.spec.tags).toEqual([{ name: 'latest', ...before, generation: 0 }]);
  });

  it.each([
    [503, 'is set back'],
    [403, `oc tag -n test --source=docker ${reference('a')} web-stream:latest`],
  ])('has its tag set back again after an answer %d, or told how that is done', async (code, told) => {
    const { intercept } = server;
    let patches = 0;
    server.intercept = (request) => {
      const isPatch = request.startsWith('PATCH');
      patches += isPatch ? 1 : 0;
      return isPatch && patches === 2 ? { status: code, body: status(code, 'not now') } : intercept(request);
    };
    expect(await failure()).toMatchObject({ code: 'trigger-silent', message: containing(told) });
  });

  it('goes back to what somebody else has set at the same moment, not to what was there before that', async () => {
    const { intercept } = server;
    let isFirst = true;
    server.intercept = (request) => {
      if (!request.startsWith('PATCH') || !isFirst) return intercept(request);
      isFirst = false;
      stream.spec.tags = [{ name: 'latest', from: { kind: 'DockerImage', name: reference('c') }, generation: 3 }];
      stream.metadata = { uid: 's1', resourceVersion: '8' };
      return { status: 422, body: status(422, 'the test does not hold') };
    };
    const { images, annotations } = change;
    const set = cluster.setImages(web, { images, annotations }, { dryRun: false }, signal);
    await expect(set).rejects.toMatchObject({ code: 'trigger-silent' });
    expect(stream.spec.tags).toMatchObject([{ from: { name: reference('c') } }]);
  });

  it('is told to have been set when somebody else sets its tag after that', async () => {
    afterPatch = () => {
      stream.spec.tags = [{ name: 'latest', from: { kind: 'DockerImage', name: reference('c') }, generation: 3 }];
    };
    expect(await failure()).toMatchObject({
      status: 409,
      message: containing(`which this run had set, names ${reference('c')} now and is left alone`),
      hint: expect.not.stringContaining('Nothing was changed') as string,
    });
  });

  it('has its tag set back on a way back too when somebody else has changed the workload', async () => {
    const { intercept } = server;
    afterPatch = () => (image = reference('b'));
    server.intercept = (request) => {
      if (!request.startsWith('PATCH') || request.includes('/imagestreams/')) return intercept(request);
      image = reference('c');
      return { status: 422, body: status(422, 'the test does not hold') };
    };
    const annotations = { 'delivery.actions/build': '267' };
    const back = cluster.setImages(web, { ...change, annotations }, { dryRun: false, keepTags: true }, signal);
    await expect(back).rejects.toMatchObject({ status: 409, message: containing('is set back') });
    expect(stream.spec.tags).toMatchObject([{ from: { name: containing('a'.repeat(64)) } }]);
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
      message: containing('ImageStream test/web-stream'),
    });
  });

  it('is refused where the DeploymentConfig has no trigger at all, since nothing would be rolled out', async () => {
    triggers = [];
    expect(await failure()).toMatchObject({ code: 'no-trigger' });
    expect(server.requests.filter((request) => request.startsWith('PATCH'))).toEqual([]);
  });

  it('takes a note where the DeploymentConfig has no trigger at all', async () => {
    triggers = [];
    const { intercept } = server;
    server.intercept = (request) => intercept(request.replace(/^PATCH/, 'GET'));
    const note = { images: {}, annotations: { 'delivery.actions/healthy': '{}' }, expected: { web: reference('a') } };
    await expect(cluster.setImages(web, note, { dryRun: false }, signal)).resolves.toMatchObject({ name: 'web' });
    expect(JSON.parse(server.bodies.at(-1) ?? '')).toContainEqual(expect.objectContaining({ value: '{}' }));
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

/** As the API server does; gives why it refuses: openshift-apiserver, pkg/image/apis/image/validation. */
function patch(stream: { spec: { tags: object[] } }, body: string): string | undefined {
  const operations = JSON.parse(body) as { op: string; path: string; value?: Tag }[];
  for (const { op, path: at, value } of operations.filter((one) => one.op !== 'test')) {
    const { from: source, importPolicy } = value ?? {};
    if (importPolicy?.scheduled && (source?.kind !== 'DockerImage' || source.name.includes('@')))
      return 'only tags can be scheduled for import';
    if (op === 'remove') stream.spec.tags = [];
    else if (at.startsWith('/spec/tags/')) stream.spec.tags = [value ?? {}];
  }
  return undefined;
}

interface Tag {
  readonly from?: { readonly kind: string; readonly name: string };
  readonly importPolicy?: { readonly scheduled?: boolean };
}

function containing(text: string): string {
  return expect.stringContaining(text) as string;
}

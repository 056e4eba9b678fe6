import type { NamespaceView, Workload } from '@delivery/core/domain/workload';
import { newWorkload } from '@delivery/testing/fake-cluster';
import type { Wanted } from '@delivery/core/action/rollout/plan';
import { planRollout } from '@delivery/core/action/rollout/plan';

const repository = 'registry.example.org/dev/web-stream';
const reference = (digit: string) => `${repository}@sha256:${digit.repeat(64)}`;
const [old, target, verified] = [reference('a'), reference('b'), reference('c')];
const ready = { wanted: 1, replicas: 1, updated: 1, ready: 1, available: 1 };

const wanted: Wanted = {
  namespace: 'test',
  workloads: [{ kind: 'Deployment', name: 'web', containers: ['web'] }],
  reference: target,
  number: 268,
  force: false,
};

function planFor(workload: Partial<Workload>, given: Partial<Wanted> = {}, running?: number) {
  const containers = [{ name: 'web', image: old, init: false }];
  const view: NamespaceView = {
    workloads: [newWorkload({ containers, ...ready, ...workload })],
    replicaSets: [],
    pods: [],
    events: [],
  };
  return planRollout({ ...wanted, ...given }, view, running);
}

const running = (image: string) => ({ containers: [{ name: 'web', image, init: false }] });
const note = (text: string) => ({ annotations: { 'delivery.actions/healthy': text } });

it.each<[string, Partial<Workload>, 'unchanged' | 'update']>([
  ['runs another build', {}, 'update'],
  ['runs the build and is healthy', running(target), 'unchanged'],
  ['runs the build under a tag with the same digest', running(target.replace('@', ':latest@')), 'unchanged'],
  ['has the build but is not healthy', { ...running(target), ready: 0 }, 'update'],
  [
    'has the build and is scaled to zero',
    { ...running(target), wanted: 0, replicas: 0, updated: 0, ready: 0, available: 0 },
    'unchanged',
  ],
])('decides for a workload that %s', (_, workload, expected) => {
  expect(planFor(workload).do).toBe(expected);
});

const fedBy = { namespace: 'test', stream: 'web-stream', tag: 'latest' };
const local = (image: string) => image.replace(repository, 'image-registry.svc:5000/test/web-stream');

it('takes another repository with the digest for the image where a trigger feeds the container, and only there', () => {
  const container = { name: 'web', image: local(target), init: false };
  expect(planFor({ containers: [{ ...container, fedBy }] }).do).toBe('unchanged');
  expect(planFor({ containers: [container] }).do).toBe('update');
});

it('goes back to a digest of a stream, but not to a tag, which a stream would import anew', () => {
  const from = (image: string) => planFor({ containers: [{ name: 'web', image, init: false, fedBy }] });
  expect(from(local(old))).toMatchObject({ steps: [{ fallback: { web: local(old) } }] });
  expect(from(`${repository}:latest-4`)).toMatchObject({ steps: [{ fallback: undefined }] });
});

it('sets every container of the image, init containers too, and no other', () => {
  const containers = [
    { name: 'migrate', image: old, init: true },
    { name: 'web', image: old, init: false },
    { name: 'proxy', image: 'registry.example.org/proxy:3', init: false },
  ];
  const workloads = [{ kind: 'Deployment', name: 'web', containers: ['web', 'migrate'] }] as const;
  expect(planFor({ containers }, { workloads })).toMatchObject({
    steps: [{ after: { web: target, migrate: target } }],
  });
});

it.each<[string, Partial<Workload>, string | undefined]>([
  ['what was verified last', note(JSON.stringify({ web: verified })), verified],
  ['what is healthy now, where nothing was verified', {}, old],
  ['nothing, where what runs now is not healthy', { ready: 0 }, undefined],
  ['nothing, where a moving tag runs now', running(`${repository}:latest`), undefined],
  ["a build's own tag, which never moves", running(`${repository}:latest-267`), `${repository}:latest-267`],
  ['what is healthy now, where the build itself was verified last', note(JSON.stringify({ web: target })), old],
  ['what is healthy now, where the note is no JSON', note('{'), old],
  ['what is healthy now, where the note misses a container', note('{"worker":"x"}'), old],
  ['what is healthy now, where the note names no digest', note(JSON.stringify({ web: `${repository}:latest` })), old],
])('would go back to %s', (_, workload, image) => {
  expect(planFor(workload)).toMatchObject({ steps: [{ fallback: image === undefined ? undefined : { web: image } }] });
});

it.each<[string, ReturnType<typeof planFor>, string]>([
  ['an older build', planFor({}, {}, 269), 'latest-268 is older than latest-269, which runs.'],
  [
    'a workload that is not there',
    planFor({ name: 'api' }),
    'namespace test has no Deployment web, it has: Deployment api.',
  ],
  [
    'a container that is not there',
    planFor({ containers: [{ name: 'app', image: old, init: false }] }),
    'Deployment test/web has no container web, it has: app.',
  ],
  [
    'a StatefulSet that does not replace all its pods',
    planFor(
      { kind: 'StatefulSet', partial: true },
      { workloads: [{ kind: 'StatefulSet', name: 'web', containers: ['web'] }] },
    ),
    'StatefulSet test/web does not replace all its pods by itself: set its updateStrategy to RollingUpdate without a partition.',
  ],
  [
    'a paused Deployment',
    planFor({ paused: true }),
    'Deployment test/web is paused, so it takes no new image until it is resumed.',
  ],
])('refuses %s', (_, plan, reason) => {
  expect(plan).toMatchObject({ do: 'refuse', reason });
});

it('names everything that is missing at once', () => {
  const workloads = [
    { kind: 'StatefulSet', name: 'stack', containers: ['stack'] },
    { kind: 'StatefulSet', name: 'worker', containers: ['worker'] },
  ] as const;
  const plan = planFor({}, { workloads });
  expect(plan).toMatchObject({ do: 'refuse' });
  expect(JSON.stringify(plan)).toMatch(/no StatefulSet stack.*no StatefulSet worker/);
});

it.each([
  [268, 268, false],
  [268, 267, false],
  [268, undefined, false],
  [undefined, 269, false],
  [268, 269, true],
])('takes build %s where %s runs (force: %s)', (number, now, force) => {
  expect(planFor({}, { number, force }, now).do).toBe('update');
});

import { grace } from '@delivery/core/domain/rollout/cause';
import { imagesOf } from '@delivery/core/domain/rollout/health';
import type { RolloutTarget } from '@delivery/core/domain/rollout/judge';
import { diagnoseTimeout, judge } from '@delivery/core/domain/rollout/judge';
import type { Standing } from '@delivery/core/domain/rollout/weigh';
import type { NamespaceView, Pod, Workload } from '@delivery/core/domain/workload';
import { image, later, readView, rolloutOf, start } from './views.ts';

const before = new Date(0);
const none: Standing = new Map();

function targetOf({ kind, namespace, name, generation, ...rest }: Workload): RolloutTarget {
  const workload = { kind, namespace, name };
  const images = imagesOf(
    { kind, namespace, name, generation, ...rest },
    rest.containers.map((container) => container.name),
  );
  return { workload, images, generation };
}

function targetsOf(view: NamespaceView): RolloutTarget[] {
  return view.workloads.map(targetOf);
}

describe('a state seen on a real cluster', () => {
  it.each([
    ['image-pull', 'image-pull', grace.late, /cannot pull .*, which is not there/],
    ['config-volume', 'config-missing', grace.late, /mounts what is not there: .*configmap "settings" not found/],
    ['crash-loop', 'crash-loop', grace.none, /ended 2 times, last with exit code 3/],
    ['stateful-crash', 'crash-loop', grace.none, /container web of pod web-0 ended 2 times/],
    ['oom', 'out-of-memory', grace.none, /was killed 2 times because it used more memory than its limit/],
    [
      'init-failed',
      'init-failed',
      grace.none,
      /^init container migrate of pod .* ended 2 times, last with exit code 1/,
    ],
    ['no-shell', 'cannot-start', grace.none, /cannot be started: .*"\/bin\/sh": stat \/bin\/sh: no such file/],
    ['unschedulable', 'unschedulable', grace.room, /finds no place: 0\/1 nodes are available: 1 Insufficient cpu/],
    ['claim-missing', 'volume', grace.room, /persistentvolumeclaim "fs-web-media-claim" not found/],
    ['quota', 'quota', grace.room, /no pod of Deployment test\/web may be made: .*exceeded quota/],
    ['stateful-quota', 'quota', grace.room, /no pod of StatefulSet test\/web may be made: .*exceeded quota/],
    ['stateful-pull', 'image-pull', grace.late, /container web of pod web-0 cannot pull/],
    ['deadline', 'not-ready', grace.room, /made no progress .*Readiness probe failed: not ready yet/],
  ])('%s is hopeless because of %s once it has been standing for %i ms', (name, cause, graceMs, sentence) => {
    const view = readView(name);
    const targets = targetsOf(view);
    const first = judge(targets, view, none, start, before);
    if (graceMs > 0) expect(first.judgement).toMatchObject({ is: 'progressing', recheckMs: graceMs });
    const { judgement } = judge(targets, view, first.standing, later(graceMs), before);
    expect(judgement).toMatchObject({ is: 'hopeless', diagnosis: { cause } });
    expect((judgement as { diagnosis: { sentence: string } }).diagnosis.sentence).toMatch(sentence);
  });

  it.each(['config-missing', 'secret-missing', 'key-missing'])(
    '%s has its pod replaced, and the next one decides',
    (name) => {
      const view = readView(name);
      const targets = targetsOf(view);
      const pods = view.pods.filter(({ containers }) => containers.some(({ state }) => state.is === 'waiting'));
      const first = judge(targets, view, none, start, before);
      const second = judge(targets, view, first.standing, later(grace.renewal), before);
      expect(second.judgement).toMatchObject({
        is: 'progressing',
        remove: [{ pod: { name: pods[0]?.name }, why: 'renew' }],
      });
      const next = { ...view, pods: view.pods.map((pod) => (pod === pods[0] ? successorOf(pod) : pod)) };
      const third = judge(targets, next, second.standing, later(grace.renewal + 1_000), before);
      expect(third.judgement).toMatchObject({ is: 'hopeless', diagnosis: { cause: 'config-missing' } });
    },
  );

  it.each(['good-rolling', 'stateful-good-rolling', 'not-ready'])('%s is waited for', (name) => {
    const view = readView(name);
    const targets = targetsOf(view);
    const first = judge(targets, view, none, start, before);
    const { judgement } = judge(targets, view, first.standing, later(600_000), before);
    expect(judgement).toMatchObject({ is: 'progressing', remove: [] });
  });

  it.each(['good-healthy', 'stateful-good-healthy'])('%s is healthy', (name) => {
    const view = readView(name);
    expect(judge(targetsOf(view), view, none, start, before).judgement.is).toBe('healthy');
  });

  it('not-ready is named at the timeout by what its probe said last', () => {
    const view = readView('not-ready');
    const diagnosis = diagnoseTimeout(targetsOf(view), view, before);
    expect(diagnosis.cause).toBe('not-ready');
    expect(diagnosis.sentence).toMatch(/runs but is not ready: Readiness probe failed: not ready yet/);
  });
});

function successorOf(pod: Pod): Pod {
  return { ...pod, uid: `${pod.uid}-next`, createdAt: new Date(pod.createdAt.getTime() + 3_000) };
}

const missing = {
  state: { is: 'waiting', reason: 'CreateContainerConfigError', message: 'configmap "a" not found' },
} as const;

describe('a ConfigMap that is late', () => {
  it('is not taken for a missing one when the next pod finds it', () => {
    const { workload, view, pod } = rolloutOf(missing);
    const targets = [targetOf(workload)];
    const { standing } = judge(targets, view, none, start, before);
    const second = judge(targets, view, standing, later(grace.renewal), before);
    const next = {
      ...successorOf(pod),
      containers: [{ ...pod.containers[0]!, state: { is: 'running', startedAt: start } as const }],
    };
    const { judgement } = judge(targets, { ...view, pods: [next] }, second.standing, later(60_000), before);
    expect(judgement).toMatchObject({ is: 'progressing', remove: [] });
  });

  it('is waited for until the kubelet has looked again, where the pod could not be replaced', () => {
    const { workload, view } = rolloutOf(missing);
    const targets = [targetOf(workload)];
    let { standing } = judge(targets, view, none, start, before);
    ({ standing } = judge(targets, view, standing, later(grace.renewal), before));
    const waiting = judge(targets, view, standing, later(grace.renewal + 1), before);
    expect(waiting.judgement).toMatchObject({ is: 'progressing', remove: [] });
    const { judgement } = judge(targets, view, waiting.standing, later(grace.renewal + 1 + grace.kubelet), before);
    expect(judgement.is).toBe('hopeless');
  });
});

describe('what does not count', () => {
  const crashed = {
    restarts: 5,
    state: { is: 'waiting', reason: 'CrashLoopBackOff', message: '' },
    last: { is: 'terminated', exitCode: 1, signal: 0, reason: 'Error', message: '', finishedAt: start },
  } as const;

  it('is a view that is older than the change', () => {
    const { workload, view } = rolloutOf(crashed);
    const { judgement } = judge([{ ...targetOf(workload), generation: 3 }], view, none, start, before);
    expect(judgement).toMatchObject({
      is: 'progressing',
      states: [{ health: { detail: 'the change is not seen yet' } }],
    });
  });

  it('is a broken pod of an older template, whose ReplicaSet is the newest that is seen yet', () => {
    const { workload, view } = rolloutOf(crashed, {
      workload: { annotations: { 'deployment.kubernetes.io/revision': '3' } },
    });
    expect(judge([targetOf(workload)], view, none, start, before).judgement.is).toBe('progressing');
  });

  it('is an old pod that ends as Failed while it is replaced', () => {
    const { workload, view } = rolloutOf(crashed, { pod: { ownerUid: 'rs-1', phase: 'Failed' } });
    expect(judge([targetOf(workload)], view, none, start, before).judgement.is).toBe('progressing');
  });

  it('is a pod that is being deleted', () => {
    const { workload, view } = rolloutOf(crashed, { pod: { deleting: true } });
    expect(judge([targetOf(workload)], view, none, start, before).judgement.is).toBe('progressing');
  });

  it('is a sign that went away before its grace was over', () => {
    const { workload, view, pod } = rolloutOf({
      state: { is: 'waiting', reason: 'ErrImagePull', message: 'x: not found' },
    });
    const targets = [targetOf(workload)];
    let { standing } = judge(targets, view, none, start, before);
    ({ standing } = judge(targets, { ...view, pods: [] }, standing, later(1_000), before));
    const { judgement } = judge(targets, { ...view, pods: [pod] }, standing, later(grace.late), before);
    expect(judgement).toMatchObject({ is: 'progressing', recheckMs: grace.late });
  });

  it('is an event of an earlier rollout of the same StatefulSet', () => {
    const view = readView('stateful-quota');
    const newest = new Date(Math.max(...view.events.map(({ lastSeen }) => lastSeen.getTime())));
    const { standing } = judge(targetsOf(view), view, none, start, newest);
    expect(judge(targetsOf(view), view, standing, later(60_000), newest).judgement.is).toBe('progressing');
  });
});

it('leaves a rollout to whoever has set other images', () => {
  const { workload, view } = rolloutOf({});
  const images = { web: image.replace(/a{64}/, 'b'.repeat(64)) };
  const { judgement } = judge([{ ...targetOf(workload), images }], view, none, start, before);
  expect(judgement).toMatchObject({ is: 'superseded', workload: { name: 'web' } });
});

it('gives up at once when a workload is deleted', () => {
  const { workload, view } = rolloutOf({});
  const { judgement } = judge([targetOf(workload)], { ...view, workloads: [] }, none, start, before);
  expect(judgement).toMatchObject({ is: 'hopeless', diagnosis: { cause: 'workload-missing' } });
});

it('has a broken pod of an older template deleted that keeps a StatefulSet from going on', () => {
  const { workload, pod, view } = rolloutOf(
    {},
    {
      workload: {
        kind: 'StatefulSet',
        updateRevision: 'new',
        currentRevision: 'old',
        updated: 0,
        replicas: 1,
        ready: 0,
      },
      pod: { ownerUid: 'web-uid', revision: 'old' },
    },
  );
  const targets = [targetOf(workload)];
  const first = judge(targets, view, none, start, before);
  expect(first.judgement).toMatchObject({ is: 'progressing', recheckMs: grace.late, remove: [] });
  const { judgement } = judge(targets, view, first.standing, later(grace.late), before);
  expect(judgement).toMatchObject({ is: 'progressing', remove: [{ pod: { uid: pod.uid }, why: 'blocking' }] });
});

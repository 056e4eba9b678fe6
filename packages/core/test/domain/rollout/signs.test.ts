import { grace } from '@delivery/core/domain/rollout/cause';
import { workloadSigns } from '@delivery/core/domain/rollout/workload-signs';
import type { ClusterEvent, ContainerStatus } from '@delivery/core/domain/workload';
import { later, rolloutOf, start } from './views.ts';

const waiting = (reason: string, message = ''): Partial<ContainerStatus> => ({
  state: { is: 'waiting', reason, message },
});
const backOff = (last: Partial<NonNullable<ContainerStatus['last']>>, restarts = 1): Partial<ContainerStatus> => ({
  ...waiting('CrashLoopBackOff', 'back-off 10s restarting failed container'),
  restarts,
  last: { is: 'terminated', exitCode: 1, signal: 0, reason: 'Error', message: '', finishedAt: start, ...last },
});
const event = (reason: string, message: string, given: Partial<ClusterEvent> = {}): Partial<ClusterEvent> => ({
  reason,
  message,
  ...given,
});

function signsOf(container: Partial<ContainerStatus>, given: Parameters<typeof rolloutOf>[1] = {}) {
  const { workload, view } = rolloutOf(container, given);
  return workloadSigns(workload, view, new Date(0));
}

describe('a container that waits', () => {
  it.each<[string, Partial<ContainerStatus>, string, number, RegExp]>([
    [
      'an image name that is none',
      waiting('InvalidImageName', 'could not parse'),
      'image-pull',
      grace.none,
      /could not parse/,
    ],
    [
      'no access to the image',
      waiting('ErrImagePull', 'pull access denied'),
      'image-pull',
      grace.late,
      /may not pull .*pull secret/,
    ],
    [
      'a registry that is away',
      waiting('ErrImagePull', 'dial tcp: i/o timeout'),
      'image-pull',
      grace.remote,
      /cannot pull .*i\/o timeout/,
    ],
    [
      'an image for another platform',
      waiting('ErrImagePull', 'no match for platform in manifest'),
      'wrong-platform',
      grace.none,
      /another platform/,
    ],
    [
      'a user that is not allowed',
      waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'),
      'cannot-start',
      grace.late,
      /runAsNonRoot/,
    ],
    [
      'a runtime that is busy',
      waiting('CreateContainerError', 'context deadline exceeded'),
      'cannot-start',
      grace.remote,
      /deadline/,
    ],
    [
      'a mount that fails',
      waiting('RunContainerError', 'not a directory'),
      'cannot-start',
      grace.late,
      /not a directory/,
    ],
    [
      'a program for another processor',
      backOff({ reason: 'StartError', message: 'exec /app: exec format error' }),
      'wrong-platform',
      grace.none,
      /exec format error/,
    ],
    [
      'an end by its own doing',
      backOff({ exitCode: 3 }),
      'crash-loop',
      grace.none,
      /ended 2 times, last with exit code 3/,
    ],
    [
      'a message it left behind',
      backOff({ exitCode: 3, message: 'no database' }),
      'crash-loop',
      grace.none,
      /it said: no database/,
    ],
    [
      'an init container',
      { ...backOff({}), init: true, name: 'migrate' },
      'init-failed',
      grace.none,
      /^init container migrate/,
    ],
  ])('is named: %s', (_, container, cause, graceMs, sentence) => {
    const [sign] = signsOf(container);
    expect(sign).toMatchObject({ cause, graceMs, pod: 'web-2' });
    expect(sign?.sentence).toMatch(sentence);
  });

  it.each<[string, Partial<ContainerStatus>]>([
    ['is being made', waiting('ContainerCreating')],
    ['waits for its init containers', waiting('PodInitializing')],
    ['has ended once', { restarts: 1, state: { is: 'running', startedAt: start }, last: backOff({}).last }],
    ['has just ended', { restarts: 0, state: { ...backOff({}).last!, is: 'terminated' } }],
  ])('is left in peace when it %s', (_, container) => {
    expect(signsOf(container)).toEqual([]);
  });

  it('has its pull explained by the last attempt where the kubelet only says that it backs off', () => {
    const events = [
      event('Failed', 'Failed to pull image "x": manifest unknown'),
      event('Failed', 'Error: ImagePullBackOff', { lastSeen: later(1_000) }),
    ];
    const [sign] = signsOf(waiting('ImagePullBackOff', 'Back-off pulling image "x"'), { events });
    expect(sign).toMatchObject({ cause: 'image-pull', graceMs: grace.late });
    expect(sign?.sentence).toContain('manifest unknown');
  });

  it('has the pull secret named that is missing', () => {
    const events = [event('FailedToRetrieveImagePullSecret', 'Unable to retrieve some image pull secrets (regcred)')];
    const [sign] = signsOf(waiting('ErrImagePull', '401 Unauthorized'), { events });
    expect(sign?.sentence).toContain('regcred');
  });

  it('has the probe named that killed it', () => {
    const events = [
      event('Killing', 'Container web failed liveness probe, will be restarted'),
      event('Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500'),
    ];
    const [sign] = signsOf(backOff({ exitCode: 137 }), { events });
    expect(sign?.sentence).toContain(
      'the kubelet killed it: Liveness probe failed: HTTP probe failed with statuscode: 500',
    );
  });
});

describe('a pod without a place', () => {
  const condition = (message: string) =>
    [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] as const;
  const nowhere = { pod: { conditions: condition("0/3 nodes are available: 3 node(s) didn't match node selector") } };

  it('is unschedulable', () => {
    expect(signsOf({}, nowhere)).toMatchObject([{ cause: 'unschedulable', graceMs: grace.room }]);
  });

  it('is waited for while a node is on its way', () => {
    const events = [event('TriggeredScaleUp', 'pod triggered scale-up', { type: 'Normal' })];
    expect(signsOf({}, { ...nowhere, events })).toEqual([]);
  });

  it('is waited for while an old pod is still going away', () => {
    const { workload, pod, view } = rolloutOf({}, nowhere);
    const old = { ...pod, uid: 'pod-1', name: 'web-1', ownerUid: 'rs-1', deleting: true, conditions: [] };
    expect(workloadSigns(workload, { ...view, pods: [pod, old] }, new Date(0))).toEqual([]);
  });
});

describe('a volume', () => {
  const mount = event('FailedMount', 'MountVolume.SetUp failed for volume "media": mount failed: exit status 32');

  it('that cannot be mounted is a sign while the container is being made', () => {
    expect(signsOf(waiting('ContainerCreating'), { events: [mount] })).toMatchObject([
      { cause: 'volume', graceMs: grace.remote },
    ]);
  });

  it('that has come right is none, however long the image is being pulled', () => {
    const events = [mount, event('Pulling', 'Pulling image', { type: 'Normal', lastSeen: later(1_000) })];
    expect(signsOf(waiting('ContainerCreating'), { events })).toEqual([]);
  });
});

it('names the policy that does not let a pod be made', () => {
  const { workload, view } = rolloutOf({});
  const message = 'pods "web-x" is forbidden: violates PodSecurity "restricted:latest"';
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] as const;
  const replicaSets = view.replicaSets.map((set) => ({ ...set, conditions }));
  expect(workloadSigns(workload, { ...view, pods: [], replicaSets }, new Date(0))).toMatchObject([
    { cause: 'admission' },
  ]);
});

it('forgets a StatefulSet pod that could not be made when it has been made since', () => {
  const workload = { kind: 'StatefulSet', updateRevision: 'new' } as const;
  const object = { kind: 'StatefulSet', name: 'web', uid: 'web-uid' };
  const failed = event('FailedCreate', 'exceeded quota: q', { object });
  const made = event('SuccessfulCreate', 'create Pod web-0', { object, type: 'Normal', lastSeen: later(2_000) });
  expect(signsOf({}, { workload, events: [failed] })).toMatchObject([{ cause: 'quota' }]);
  expect(signsOf({}, { workload, events: [failed, made] })).toEqual([]);
});

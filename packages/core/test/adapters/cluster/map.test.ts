import { toEvent, toPod, toReplicaSet, toWorkload } from '../../../src/adapters/cluster/map.ts';

const owner = (uid: string, controller: boolean) => ({ apiVersion: 'apps/v1', kind: 'X', name: 'x', uid, controller });

describe('toWorkload', () => {
  it('reads a Deployment in the middle of a rollout', () => {
    const deployment = {
      metadata: {
        name: 'web',
        namespace: 'test',
        uid: 'u1',
        generation: 3,
        annotations: { 'deployment.kubernetes.io/revision': '2' },
      },
      spec: {
        replicas: 2,
        paused: true,
        template: {
          spec: {
            initContainers: [{ name: 'migrate', image: 'r/web:1' }],
            containers: [{ name: 'web', image: 'r/web:2', ports: [{ containerPort: 80 }] }],
          },
        },
      },
      status: {
        observedGeneration: 2,
        replicas: 3,
        updatedReplicas: 1,
        readyReplicas: 2,
        availableReplicas: 2,
        unavailableReplicas: 1,
        conditions: [
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'timed out',
            lastUpdateTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    };
    expect(toWorkload('Deployment', deployment)).toEqual({
      kind: 'Deployment',
      namespace: 'test',
      name: 'web',
      uid: 'u1',
      generation: 3,
      observedGeneration: 2,
      paused: true,
      partial: false,
      annotations: { 'deployment.kubernetes.io/revision': '2' },
      containers: [
        { name: 'migrate', image: 'r/web:1', init: true },
        { name: 'web', image: 'r/web:2', init: false },
      ],
      wanted: 2,
      replicas: 3,
      updated: 1,
      ready: 2,
      available: 2,
      updateRevision: '',
      currentRevision: '',
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }],
    });
  });

  it('reads the revisions of a StatefulSet', () => {
    const status = { replicas: 1, currentRevision: 'stack-1', updateRevision: 'stack-2' };
    const workload = toWorkload('StatefulSet', { metadata: { name: 'stack' }, status });
    expect(workload).toMatchObject({
      currentRevision: 'stack-1',
      updateRevision: 'stack-2',
      replicas: 1,
      paused: false,
    });
  });

  it.each([
    [{ type: 'OnDelete' }, true],
    [{ type: 'RollingUpdate', rollingUpdate: { partition: 2 } }, true],
    [{ type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } }, false],
    [{ type: 'RollingUpdate' }, false],
    [null, false],
  ])('reads whether a StatefulSet of %j keeps pods of an older template', (updateStrategy, partial) => {
    expect(toWorkload('StatefulSet', { spec: { updateStrategy } })).toMatchObject({ partial });
  });

  it('takes what the API server leaves out as empty, and one replica as wanted', () => {
    expect(
      toWorkload('Deployment', { metadata: null, spec: { template: { spec: { containers: null } } } }),
    ).toMatchObject({
      wanted: 1,
      replicas: 0,
      updated: 0,
      observedGeneration: 0,
      containers: [],
      annotations: {},
      conditions: [],
    });
  });

  it('keeps zero wanted replicas apart from none given', () => {
    expect(toWorkload('Deployment', { spec: { replicas: 0 } }).wanted).toBe(0);
  });
});

it('toReplicaSet reads the revision, the controller and why pods could not be made', () => {
  const replicaSet = {
    metadata: {
      name: 'web-5d',
      uid: 'u2',
      annotations: { 'deployment.kubernetes.io/revision': '12' },
      ownerReferences: [owner('not-this', false), owner('u1', true)],
    },
    status: {
      replicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }],
    },
  };
  expect(toReplicaSet(replicaSet)).toEqual({
    name: 'web-5d',
    uid: 'u2',
    ownerUid: 'u1',
    revision: 12,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }],
  });
  expect(toReplicaSet({ metadata: { annotations: { 'deployment.kubernetes.io/revision': 'x' } } }).revision).toBe(0);
});

describe('toPod', () => {
  it('reads a crash loop: the state of now and how the container ended before', () => {
    const terminated = {
      exitCode: 137,
      signal: 9,
      reason: 'OOMKilled',
      startedAt: '2026-11-22T20:00:00Z',
      finishedAt: '2026-11-22T20:00:05Z',
      containerID: 'containerd://1',
    };
    const pod = {
      metadata: {
        name: 'web-5d-x',
        namespace: 'test',
        uid: 'p1',
        creationTimestamp: '2026-11-22T19:59:00Z',
        labels: { 'pod-template-hash': '5d' },
        ownerReferences: [owner('u2', true)],
      },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False', lastProbeTime: null, reason: 'ContainersNotReady' }],
        initContainerStatuses: [
          {
            name: 'migrate',
            ready: true,
            restartCount: 0,
            image: 'r/web:2',
            imageID: '',
            state: { terminated: { exitCode: 0, reason: 'Completed' } },
            lastState: {},
          },
        ],
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 4,
            image: 'r/web:2',
            imageID: 'sha256:1',
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 1m20s' } },
            lastState: { terminated },
          },
        ],
      },
    };
    expect(toPod(pod)).toEqual({
      namespace: 'test',
      name: 'web-5d-x',
      uid: 'p1',
      ownerUid: 'u2',
      revision: '5d',
      labels: { 'pod-template-hash': '5d' },
      phase: 'Running',
      reason: '',
      deleting: false,
      createdAt: new Date('2026-11-22T19:59:00Z'),
      conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: '' }],
      containers: [
        {
          name: 'migrate',
          init: true,
          image: 'r/web:2',
          ready: true,
          restarts: 0,
          state: {
            is: 'terminated',
            exitCode: 0,
            signal: 0,
            reason: 'Completed',
            message: '',
            finishedAt: new Date(0),
          },
          last: undefined,
        },
        {
          name: 'web',
          init: false,
          image: 'r/web:2',
          imageId: 'sha256:1',
          ready: false,
          restarts: 4,
          state: { is: 'waiting', reason: 'CrashLoopBackOff', message: 'back-off 1m20s' },
          last: {
            is: 'terminated',
            exitCode: 137,
            signal: 9,
            reason: 'OOMKilled',
            message: '',
            finishedAt: new Date('2026-11-22T20:00:05Z'),
          },
        },
      ],
    });
  });

  it('reads a pod of a StatefulSet that is being deleted and one that was evicted', () => {
    const metadata = {
      labels: { 'controller-revision-hash': 'stack-2', 'pod-template-hash': 'other' },
      deletionTimestamp: '2026-11-22T20:00:00Z',
    };
    expect(toPod({ metadata })).toMatchObject({ revision: 'stack-2', deleting: true, containers: [] });
    expect(toPod({ status: { phase: 'Failed', reason: 'Evicted' } })).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
    });
  });

  it('takes a container without a state as waiting', () => {
    const status = {
      containerStatuses: [{ name: 'web', state: {}, lastState: { running: { startedAt: 'no date' } } }],
    };
    expect(toPod({ status }).containers[0]).toMatchObject({ state: { is: 'waiting', reason: '' }, last: undefined });
    const running = { containerStatuses: [{ name: 'web', state: { running: { startedAt: '2026-11-22T20:00:00Z' } } }] };
    expect(toPod({ status: running }).containers[0]?.state).toEqual({
      is: 'running',
      startedAt: new Date('2026-11-22T20:00:00Z'),
    });
  });
});

describe('toEvent', () => {
  const involvedObject = {
    kind: 'Pod',
    namespace: 'test',
    name: 'web-5d-x',
    uid: 'p1',
    fieldPath: 'spec.containers{web}',
  };

  it('reads one that its sender counts', () => {
    const event = {
      involvedObject,
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off',
      count: 7,
      firstTimestamp: '2026-11-22T20:00:00Z',
      lastTimestamp: '2026-11-22T20:05:00Z',
      eventTime: null,
    };
    expect(toEvent(event)).toEqual({
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off',
      object: { kind: 'Pod', name: 'web-5d-x', uid: 'p1' },
      count: 7,
      lastSeen: new Date('2026-11-22T20:05:00Z'),
    });
  });

  it.each([
    [{ eventTime: '2026-11-22T20:00:00.123456Z', lastTimestamp: null, count: null }, 1, '2026-11-22T20:00:00.123Z'],
    [
      { eventTime: '2026-11-22T20:00:00Z', series: { count: 3, lastObservedTime: '2026-11-22T20:09:00Z' } },
      3,
      '2026-11-22T20:09:00Z',
    ],
    [{ metadata: { creationTimestamp: '2026-11-22T20:00:00Z' } }, 1, '2026-11-22T20:00:00Z'],
  ])('reads the count and time of %j', (event, count, time) => {
    expect(toEvent({ ...event, involvedObject })).toMatchObject({ type: 'Normal', count, lastSeen: new Date(time) });
  });
});

import type { Place } from '../../../src/adapters/cluster/log-place.ts';
import { placeOf } from '../../../src/adapters/cluster/log-place.ts';
import type { ContainerState, ContainerStatus } from '../../../src/domain/workload.ts';
import { newPod } from '@delivery/testing/fake-cluster';

const last = { is: 'terminated', exitCode: 1, signal: 0, reason: '', message: '', finishedAt: new Date(0) } as const;
const running: ContainerState = { is: 'running', startedAt: new Date(0) };
const waiting = (reason: string): ContainerState => ({ is: 'waiting', reason, message: '' });
const status = (restarts: number, state: ContainerState, ended = restarts > 0): ContainerStatus => ({
  ...{ name: 'main', init: false, image: '', ready: false, restarts, state },
  last: ended ? last : undefined,
});

describe('placeOf', () => {
  it.each<[string, ContainerStatus[], number, Place]>([
    ['no container has a status yet', [], 0, 'waiting'],
    ['it is being made', [status(0, waiting('ContainerCreating'))], 0, 'waiting'],
    ['its image cannot be pulled', [status(0, waiting('ImagePullBackOff'))], 0, 'waiting'],
    ['it runs', [status(0, running)], 0, 'running'],
    ['it has ended', [status(0, last)], 0, 'ended'],
    ['it waits to be started again', [status(0, waiting('CrashLoopBackOff'), true)], 0, 'ended'],
    ['it waits to be started once more', [status(1, waiting('CrashLoopBackOff'))], 1, 'ended'],
    ['the next run is made, not started', [status(1, waiting(''))], 1, 'waiting'],
    ['the next run is made', [status(1, waiting(''))], 0, 'previous'],
    ['the next run runs', [status(1, running)], 0, 'previous'],
    ['the next run has ended', [status(1, last)], 0, 'previous'],
    ['the next run has ended and its last state is that', [status(1, waiting('CrashLoopBackOff'))], 0, 'gone'],
    ['the run before is not known', [status(1, last, false)], 0, 'gone'],
    ['it was started twice', [status(2, running)], 0, 'gone'],
    ['the count has gone back', [status(0, running)], 1, 'gone'],
  ])('tells where the log is when %s', (_, containers, restarts, place) => {
    const pod = newPod({ phase: 'Running', containers });
    expect(placeOf(pod, { pod, container: 'main', restarts })).toBe(place);
  });

  it.each([
    ['there is no pod', undefined],
    ['another pod has its name', newPod({ uid: 'other' })],
    ['the pod is over and the container never started', newPod({ phase: 'Failed' })],
    [
      'the pod is over before its start',
      newPod({ phase: 'Failed', containers: [status(0, waiting('PodInitializing'))] }),
    ],
  ])('tells that there is none when %s', (_, pod) => {
    expect(placeOf(pod, { pod: newPod(), container: 'main', restarts: 0 })).toBe('gone');
  });
});

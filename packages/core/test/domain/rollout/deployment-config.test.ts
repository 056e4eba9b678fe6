import { healthOf, runsImage, runsImages } from '@delivery/core/domain/rollout/health';
import { judge } from '@delivery/core/domain/rollout/judge';
import { deployerPods, leavingPods, newestPods } from '@delivery/core/domain/rollout/newest';
import type { Condition, NamespaceView, Pod, Workload } from '@delivery/core/domain/workload';
import { newPod, newWorkload } from '@delivery/testing/fake-cluster';
import { start } from './views.ts';

// As OpenShift's controller leaves them: openshift-controller-manager, deploymentconfig_controller.go.

const digest = `sha256:${'a'.repeat(64)}`;
const image = `registry.example.org/dev/web-stream@${digest}`;
const fedBy = { namespace: 'test', stream: 'web-stream', tag: 'latest' };
const complete: Condition = {
  type: 'Progressing',
  status: 'True',
  reason: 'NewReplicationControllerAvailable',
  message: 'replication controller "web-2" successfully rolled out',
};
const gaveUp: Condition = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'replication controller "web-2" has failed progressing',
};

const config = (given: Partial<Workload> = {}): Workload =>
  newWorkload({
    kind: 'DeploymentConfig',
    uid: 'web-uid',
    updateRevision: '2',
    containers: [{ name: 'web', image, init: false }],
    ...{ wanted: 1, replicas: 1, updated: 1, ready: 1, available: 1, conditions: [complete] },
    ...given,
  });
const deployer: Partial<Pod> = {
  name: 'web-2-deploy',
  labels: { 'openshift.io/deployer-pod-for.name': 'web-2' },
  phase: 'Failed',
};

function view(workload: Workload, pods: readonly Partial<Pod>[] = []): NamespaceView {
  const replicaSets = [1, 2].map((revision) => ({
    name: `web-${revision}`,
    uid: `rc-${revision}`,
    ownerUid: workload.uid,
    revision,
    conditions: [],
  }));
  return { workloads: [workload], replicaSets, pods: pods.map(newPod), events: [] };
}

const pods = [1, 2].map((version) => ({ name: `web-${version}-x`, uid: `pod-${version}`, ownerUid: `rc-${version}` }));

it('is healthy only when its deployer has ended well', () => {
  expect(healthOf(config()).is).toBe('healthy');
  const running = { ...complete, reason: 'NewReplicationControllerCreated' };
  expect(healthOf(config({ conditions: [running] }))).toEqual({
    is: 'progressing',
    detail: 'its deployment is not complete',
  });
});

it('has the pods of the ReplicationController of its latest version; those of an older one are leaving, a deployer is none of them', () => {
  const seen = view(config(), [...pods, deployer]);
  expect(newestPods(config(), seen).map(({ name }) => name)).toEqual(['web-2-x']);
  expect(leavingPods(config(), seen).map(({ name }) => name)).toEqual(['web-1-x']);
  expect(deployerPods(config(), seen).map(({ name }) => name)).toEqual(['web-2-deploy']);
  expect(deployerPods(config({ updateRevision: '1' }), seen)).toEqual([]);
});

describe('a rollout of a DeploymentConfig', () => {
  const judged = (workload: Workload, some: readonly Partial<Pod>[]) => {
    const images = { web: image };
    const targets = [{ workload: { kind: workload.kind, namespace: 'test', name: 'web' }, images, generation: 1 }];
    return judge(targets, view(workload, some), new Map(), start, start).judgement;
  };

  it('is given up at once when its deployer has, with the pod whose log tells why', () => {
    expect(judged(config({ available: 0, ready: 0, conditions: [gaveUp] }), [deployer])).toMatchObject({
      is: 'hopeless',
      diagnosis: {
        cause: 'not-ready',
        pod: 'web-2-deploy',
        sentence: expect.stringMatching(
          /^the deployment of DeploymentConfig test\/web has failed \(ProgressDeadlineExceeded\).*web-2-deploy$/,
        ) as string,
      },
    });
  });

  it('is not judged by the end of the version before', () => {
    const unseen = config({ generation: 2, observedGeneration: 1, conditions: [gaveUp] });
    expect(judged(unseen, [deployer]).is).toBe('progressing');
  });

  it('gives a reason of several lines on one', () => {
    const odd = { ...gaveUp, reason: 'Progress\nDeadline' };
    expect(judged(config({ available: 0, ready: 0, conditions: [odd] }), [])).toMatchObject({
      diagnosis: { sentence: expect.stringContaining('(Progress Deadline)') as string },
    });
  });

  it('says that it was cancelled', () => {
    const cancelled = {
      ...gaveUp,
      reason: 'RolloutCancelled',
      message: 'rollout of replication controller "web-2" was cancelled',
    };
    expect(judged(config({ ready: 0, conditions: [cancelled] }), [])).toMatchObject({
      is: 'hopeless',
      diagnosis: { sentence: expect.stringContaining('was cancelled') as string },
    });
  });
});

it.each<[string, object, string, boolean]>([
  ['fed, another repository, the same digest', { fedBy }, `image-registry.svc:5000/test/web-stream@${digest}`, true],
  ['fed, another digest', { fedBy }, `registry.example.org/dev/web-stream@sha256:${'b'.repeat(64)}`, false],
  ['fed, no digest', { fedBy }, 'registry.example.org/dev/web-stream:latest', false],
  ['not fed, another repository, the same digest', {}, `image-registry.svc:5000/test/web-stream@${digest}`, false],
])('a container runs the image that is meant: %s', (_, fed, present, expected) => {
  const container = { name: 'web', image: present, init: false, ...fed };
  expect(runsImage(container, image)).toBe(expected);
  expect(runsImages(config({ containers: [container] }), { web: image })).toBe(expected);
});

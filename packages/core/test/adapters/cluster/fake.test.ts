import type { ClusterKit } from '@delivery/testing/contracts/cluster-kit';
import { clusterContract } from '@delivery/testing/contracts/cluster';
import { FakeCluster, newPod, newWorkload } from '@delivery/testing/fake-cluster';

async function fakeKit(): Promise<ClusterKit> {
  const cluster = new FakeCluster();
  const namespace = 'test';
  const find = (name: string) => cluster.view(namespace).pods.find((pod) => pod.name === name) ?? newPod({ name });
  return Promise.resolve({
    cluster,
    namespace,
    async createWorkload(reference, containers, annotations) {
      cluster.putWorkload(newWorkload({ ...reference, containers, annotations }));
    },
    async deleteWorkload({ kind, name }) {
      cluster.change(namespace, ({ workloads }) => ({
        workloads: workloads.filter((workload) => workload.kind !== kind || workload.name !== name),
      }));
    },
    async createPod(name) {
      cluster.putPod(newPod({ namespace, name }));
    },
    async setWaiting(name, reason, message) {
      const state = { is: 'waiting', reason, message } as const;
      const status = { name: 'main', init: false, image: '', ready: false, restarts: 0, state, last: undefined };
      cluster.putPod({ ...find(name), containers: [status] });
    },
    async deletePod(name) {
      cluster.change(namespace, ({ pods }) => ({ pods: pods.filter((pod) => pod.name !== name) }));
    },
    async createEvent(name, reason, message) {
      const object = { kind: 'Pod', name, uid: find(name).uid };
      const event = { type: 'Warning', reason, message, object, count: 1, lastSeen: new Date(0) } as const;
      cluster.change(namespace, ({ events }) => ({ events: [...events, event] }));
    },
    async close() {},
  } satisfies ClusterKit);
}

clusterContract('FakeCluster', fakeKit, async (kit, lines) => {
  (kit.cluster as unknown as FakeCluster).logs.set('web-0/main', lines.map((line) => `${line}\n`).join(''));
  return Promise.resolve(newPod({ name: 'web-0' }));
});

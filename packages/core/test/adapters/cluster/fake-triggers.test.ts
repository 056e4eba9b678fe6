import { triggerContract } from '@delivery/testing/contracts/cluster-triggers';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';

const namespace = 'test';
const reference = (digit: string) => `registry.example.org/dev/web-stream@sha256:${digit.repeat(64)}`;

triggerContract('FakeCluster', async () => {
  const cluster = new FakeCluster();
  const tag = (stream: string) => `${namespace}/${stream}:latest`;
  const absent = reference('d');
  return Promise.resolve({
    cluster,
    namespace,
    images: [reference('a'), reference('b'), reference('c')] as const,
    absent,
    async createStream(stream: string, image: string, policy: 'Local' | 'Source') {
      cluster.tags.set(tag(stream), image);
      cluster.imported = (one) =>
        one === absent ? undefined : policy === 'Local' ? one.replace(/^[^/]+/, 'registry.svc:5000') : one;
    },
    async create(workload, image, stream, live) {
      const fedBy = { namespace, stream, tag: 'latest' };
      const container = { name: 'web', image: cluster.imported(image) ?? '', init: false, ...(live && { fedBy }) };
      cluster.putWorkload(newWorkload({ ...workload, containers: [container] }));
    },
    async silence({ name: silent }) {
      cluster.isSilent = ({ name: one }) => one === silent;
      return cluster;
    },
    async tagged(stream) {
      return cluster.tags.get(tag(stream)) ?? '';
    },
    async close() {},
  });
});

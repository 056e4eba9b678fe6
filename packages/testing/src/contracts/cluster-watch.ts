import type { NamespaceView } from '@delivery/core/domain/workload';
import type { Context } from './cluster-kit.ts';
import { containers, deployment, failure, two } from './cluster-kit.ts';

export function watchContract(context: Context): void {
  it('gives the whole namespace as its first view', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    await kit.createWorkload({ ...deployment(kit), kind: 'StatefulSet' }, containers, {});
    await kit.createPod('pod-1');
    await kit.createEvent('pod-1', 'FailedScheduling', '0/1 nodes are available');
    const { value: view } = await kit.cluster.watchNamespace(kit.namespace, [], signal)[Symbol.asyncIterator]().next();
    const seen = view as NamespaceView;
    expect(seen.workloads.map(({ kind }) => kind).toSorted()).toEqual(['Deployment', 'StatefulSet']);
    expect(seen.pods.map(({ name }) => name)).toEqual(['pod-1']);
    const event = seen.events.find(({ reason }) => reason === 'FailedScheduling');
    expect(event).toMatchObject({ object: { kind: 'Pod', name: 'pod-1' }, message: '0/1 nodes are available' });
  });

  it('gives a new view for each change: images, pods, their states, events, and what is gone', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    const views = new Views(kit.cluster.watchNamespace(kit.namespace, [], signal));
    await views.until((view) => view.workloads.length === 1);
    const change = { images: { web: two }, annotations: {} };
    await kit.cluster.setImages(deployment(kit), change, { dryRun: false }, signal);
    await views.until((view) => view.workloads[0]?.containers[1]?.image === two);
    await kit.createPod('pod-1');
    await views.until((view) => view.pods.length === 1);
    await kit.setWaiting('pod-1', 'ImagePullBackOff', 'Back-off pulling image');
    const { pods } = await views.until((view) => view.pods[0]?.containers.length === 1);
    expect(pods[0]?.containers[0]).toMatchObject({
      name: 'main',
      state: { is: 'waiting', reason: 'ImagePullBackOff', message: 'Back-off pulling image' },
      last: undefined,
    });
    await kit.createEvent('pod-1', 'Failed', 'Error: ImagePullBackOff');
    await views.until((view) => view.events.some(({ reason }) => reason === 'Failed'));
    await kit.deletePod('pod-1');
    await views.until((view) => view.pods.length === 0);
    await kit.deleteWorkload(deployment(kit));
    await views.until((view) => view.workloads.length === 0);
  });

  it('shows the newest state to one who was away while much happened', async () => {
    const { kit, signal } = context();
    const views = new Views(kit.cluster.watchNamespace(kit.namespace, [], signal));
    await views.until(() => true);
    const names = Array.from({ length: 20 }, (_, index) => `pod-${index}`);
    for (const name of names) await kit.createPod(name);
    for (const name of names.slice(0, 15)) await kit.deletePod(name);
    const view = await views.until((seen) => seen.pods.length === 5 && seen.pods.some(({ name }) => name === 'pod-19'));
    expect(view.pods.map(({ name }) => name).toSorted()).toEqual(names.slice(15).toSorted());
  });

  it('deletes the very pod that was seen, and leaves another of its name alone', async () => {
    const { kit, signal } = context();
    const views = new Views(kit.cluster.watchNamespace(kit.namespace, [], signal));
    await views.until(() => true);
    await kit.createPod('pod-1');
    const { pods } = await views.until((view) => view.pods.length === 1);
    const pod = pods[0]!;
    await kit.cluster.deletePod({ ...pod, uid: '00000000-0000-0000-0000-000000000000' }, signal);
    await kit.createPod('pod-2');
    expect((await views.until((view) => view.pods.length === 2)).pods.map(({ uid }) => uid)).toContain(pod.uid);
    await kit.cluster.deletePod(pod, signal);
    await views.until((view) => view.pods.length === 1 && view.pods[0]?.name === 'pod-2');
    await kit.cluster.deletePod(pod, signal);
  });

  it('ends with the reason of the signal', async () => {
    const { kit, stop } = context();
    const views = kit.cluster.watchNamespace(kit.namespace, [], stop.signal)[Symbol.asyncIterator]();
    await views.next();
    const reason = new Error('enough');
    const next = failure(drain(views));
    stop.abort(reason);
    expect(await next).toBe(reason);
  });

  it('ends when its reader breaks off', async () => {
    const { kit, signal } = context();
    let seen = 0;
    for await (const view of kit.cluster.watchNamespace(kit.namespace, [], signal)) {
      expect(view.workloads).toEqual([]);
      seen += 1;
      break;
    }
    expect(seen).toBe(1);
  });
}

async function drain(views: AsyncIterator<NamespaceView>): Promise<void> {
  for (;;) if ((await views.next()).done) return;
}

/** The views of a watch, one after the other. */
export class Views {
  readonly #views: AsyncIterator<NamespaceView>;
  #last: NamespaceView | undefined;

  constructor(views: AsyncIterable<NamespaceView>) {
    this.#views = views[Symbol.asyncIterator]();
  }

  /** The first view, from the last one seen on, that is as wanted. A view that never comes is the test's time-out. */
  async until(wanted: (view: NamespaceView) => boolean): Promise<NamespaceView> {
    for (;;) {
      if (this.#last && wanted(this.#last)) return this.#last;
      const { value, done } = await this.#views.next();
      if (done) throw new Error('the watch ended');
      this.#last = value;
    }
  }
}

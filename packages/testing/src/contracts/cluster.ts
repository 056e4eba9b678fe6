import type { Container, NamespaceView, Pod, WorkloadReference } from '@delivery/core/domain/workload';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import type { Cluster } from '@delivery/core/ports/cluster';

/** What the suite needs besides the port: one namespace of its own, empty at the start of each test. */
export interface ClusterKit {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** A workload that is scaled to zero, so that no controller has anything to do. */
  createWorkload(
    workload: WorkloadReference,
    containers: readonly Container[],
    annotations: Record<string, string>,
  ): Promise<void>;
  deleteWorkload(workload: WorkloadReference): Promise<void>;
  /** A pod with one container `main` that no node takes; its status is the suite's to set. */
  createPod(name: string): Promise<void>;
  setWaiting(pod: string, reason: string, message: string): Promise<void>;
  deletePod(name: string): Promise<void>;
  createEvent(pod: string, reason: string, message: string): Promise<void>;
  close(): Promise<void>;
}

/** Gives a pod whose container `main` has printed these lines; left out where no pods run. */
export type CreatePodWithLog = (kit: ClusterKit, lines: readonly string[]) => Promise<Pod>;

const images = ['1', '2', '3'].map((tag) => `registry.example.org/web:${tag}`) as [string, string, string];
const [one, two, three] = images;
const containers: Container[] = [
  { name: 'migrate', image: one, init: true },
  { name: 'web', image: one, init: false },
  { name: 'sidecar', image: three, init: false },
];

/** The behaviour of the port Cluster; runs against each implementation. */
export function clusterContract(
  name: string,
  open: () => Promise<ClusterKit>,
  createPodWithLog?: CreatePodWithLog,
): void {
  describe(`${name} keeps the contract of Cluster`, () => {
    let kit: ClusterKit;
    let stop: AbortController;
    beforeEach(async () => {
      stop = new AbortController();
      kit = await open();
    });
    afterEach(async () => {
      stop.abort();
      // None when it could not be opened: that failure is the one to tell.
      await (kit as ClusterKit | undefined)?.close();
    });
    const context = () => ({ kit, signal: stop.signal, stop });
    readingContract(context);
    imageContract(context);
    watchContract(context);
    logContract(context);
    if (createPodWithLog) runningLogContract(context, createPodWithLog);
  });
}

type Context = () => { kit: ClusterKit; signal: AbortSignal; stop: AbortController };

function readingContract(context: Context): void {
  it('gives undefined for a workload that does not exist', async () => {
    const { kit, signal } = context();
    expect(await kit.cluster.readWorkload(deployment(kit), signal)).toBeUndefined();
  });

  it.each(['Deployment', 'StatefulSet'] as const)('reads a %s with its containers and annotations', async (kind) => {
    const { kit, signal } = context();
    const reference = { ...deployment(kit), kind };
    await kit.createWorkload(reference, containers, { 'example.org/note': 'kept' });
    const workload = await kit.cluster.readWorkload(reference, signal);
    expect(workload).toMatchObject({ ...reference, containers, wanted: 0, generation: 1, paused: false });
    expect(workload?.annotations).toMatchObject({ 'example.org/note': 'kept' });
    expect(workload?.uid).not.toBe('');
  });

  it('rejects with the reason of a signal that is aborted already', async () => {
    const { kit } = context();
    const reason = new Error('enough');
    await expect(kit.cluster.readWorkload(deployment(kit), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
}

function imageContract(context: Context): void {
  it.each(['Deployment', 'StatefulSet'] as const)('sets the images of a %s and its annotations', async (kind) => {
    const { kit, signal } = context();
    const reference = { ...deployment(kit), kind };
    await kit.createWorkload(reference, containers, { 'example.org/old': 'x', 'example.org/kept': 'y' });
    const change = {
      images: { migrate: two, web: two },
      annotations: { 'example.org/new': '1', 'example.org/old': null, 'example.org/never': null },
    };
    const answer = await kit.cluster.setImages(reference, change, { dryRun: false }, signal);
    const read = await kit.cluster.readWorkload(reference, signal);
    for (const workload of [answer, read]) {
      expect(workload?.containers.map(({ image }) => image)).toEqual([two, two, three]);
      expect(workload?.annotations).toMatchObject({ 'example.org/new': '1', 'example.org/kept': 'y' });
      expect(Object.keys(workload?.annotations ?? {})).not.toContain('example.org/old');
      expect(workload?.generation).toBe(2);
    }
  });

  it('sets the first annotation of a workload that has none', async () => {
    const { kit, signal } = context();
    const reference: WorkloadReference = { ...deployment(kit), kind: 'StatefulSet' };
    await kit.createWorkload(reference, containers, {});
    const change = { images: {}, annotations: { 'example.org/new': '1' } };
    const answer = await kit.cluster.setImages(reference, change, { dryRun: false }, signal);
    expect(answer.annotations).toMatchObject({ 'example.org/new': '1' });
    expect(answer.generation).toBe(1);
  });

  it('keeps nothing of a dry run but answers with its result', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    const change = { images: { web: two }, annotations: { 'example.org/new': '1' } };
    const answer = await kit.cluster.setImages(deployment(kit), change, { dryRun: true }, signal);
    expect(answer.containers[1]?.image).toBe(two);
    const read = await kit.cluster.readWorkload(deployment(kit), signal);
    expect(read?.containers).toEqual(containers);
    expect(read?.annotations).not.toHaveProperty(['example.org/new']);
  });

  it('changes nothing when a container does not exist, and names those that do', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    const change = { images: { web: two, wbe: two }, annotations: {} };
    const error = await failure(kit.cluster.setImages(deployment(kit), change, { dryRun: false }, signal));
    expect(error).toMatchObject({
      code: 'container-unknown',
      message: expect.stringMatching(/wbe.*migrate.*web/) as string,
    });
    expect((await kit.cluster.readWorkload(deployment(kit), signal))?.containers).toEqual(containers);
  });

  it('changes nothing and answers 409 when one image is not the expected one', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    const change = { images: { migrate: two, web: two }, annotations: {}, expected: { migrate: one, sidecar: two } };
    const error = await failure(kit.cluster.setImages(deployment(kit), change, { dryRun: false }, signal));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ system: 'cluster', status: 409 });
    expect((await kit.cluster.readWorkload(deployment(kit), signal))?.containers).toEqual(containers);
  });

  it('lets exactly one of many win that expect the same image', async () => {
    const { kit, signal } = context();
    await kit.createWorkload(deployment(kit), containers, {});
    const wanted = Array.from({ length: 10 }, (_, index) => `registry.example.org/web:by-${index}`);
    const results = await Promise.allSettled(
      wanted.map((web) => {
        const change = { images: { web }, annotations: {}, expected: { web: one } };
        return kit.cluster.setImages(deployment(kit), change, { dryRun: false }, signal);
      }),
    );
    const winners = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value.containers[1]?.image] : [],
    );
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(winners).toHaveLength(1);
    expect((await kit.cluster.readWorkload(deployment(kit), signal))?.containers[1]?.image).toBe(winners[0]);
    for (const loser of losers) expect(loser).toMatchObject({ system: 'cluster', status: 409 });
  });

  it('answers 404 when the images of a workload are set that does not exist', async () => {
    const { kit, signal } = context();
    const change = { images: { web: two }, annotations: {} };
    const error = await failure(kit.cluster.setImages(deployment(kit), change, { dryRun: false }, signal));
    expect(error).toMatchObject({ system: 'cluster', status: 404, retryable: false });
  });
}

function watchContract(context: Context): void {
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

function logContract(context: Context): void {
  const options = { previous: false, tailLines: 10, limitBytes: 10_000 };

  it('gives an empty log for a container that never started and for a pod that is gone', async () => {
    const { kit, signal } = context();
    await kit.createPod('pod-1');
    const views = new Views(kit.cluster.watchNamespace(kit.namespace, [], signal));
    const { pods } = await views.until((view) => view.pods.length === 1);
    const pod = pods[0] as Pod;
    expect(await kit.cluster.readLog(pod, 'main', options, signal)).toBe('');
    expect(await kit.cluster.readLog(pod, 'main', { ...options, previous: true }, signal)).toBe('');
    expect(await kit.cluster.readLog({ ...pod, name: 'pod-2' }, 'main', options, signal)).toBe('');
  });
}

/** For implementations whose pods run. */
function runningLogContract(context: Context, createPodWithLog: CreatePodWithLog): void {
  const options = { previous: false, tailLines: 10, limitBytes: 10_000 };

  it('gives the last lines of a log, within the limit', async () => {
    const { kit, signal } = context();
    const pod = await createPodWithLog(
      kit,
      Array.from({ length: 50 }, (_, index) => `line ${index + 1}`),
    );
    expect(await kit.cluster.readLog(pod, 'main', { ...options, tailLines: 2 }, signal)).toBe('line 49\nline 50\n');
    const short = await kit.cluster.readLog(pod, 'main', { ...options, tailLines: 50, limitBytes: 40 }, signal);
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(40);
    expect(short).toMatch(/line 50\n$/);
  });
}

function deployment(kit: ClusterKit): WorkloadReference {
  return { kind: 'Deployment', namespace: kit.namespace, name: 'web' };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new ActionError('none', 'it did not fail'),
    (error: unknown) => error,
  );
}

async function drain(views: AsyncIterator<NamespaceView>): Promise<void> {
  for (;;) if ((await views.next()).done) return;
}

class Views {
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

import type { Pod, WorkloadReference } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import type { ClusterKit, Context } from './cluster-kit.ts';
import { containers, deployment, failure, one, three, two } from './cluster-kit.ts';
import { Views, watchContract } from './cluster-watch.ts';

/** Gives a pod whose container `main` has printed these lines; left out where no pods run. */
export type CreatePodWithLog = (kit: ClusterKit, lines: readonly string[]) => Promise<Pod>;

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

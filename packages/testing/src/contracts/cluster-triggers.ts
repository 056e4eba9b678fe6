import type { WorkloadReference } from '@delivery/core/domain/workload';
import { runsImage } from '@delivery/core/domain/rollout/health';
import { findWorkload } from '@delivery/core/domain/rollout/judge';
import type { Cluster } from '@delivery/core/ports/cluster';

/** A cluster with OpenShift's kinds, and a namespace of its own. */
export interface TriggerKit {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** By digest; each of them can be imported. */
  readonly images: readonly [string, string, string];
  /** By digest; nobody has it. */
  readonly absent: string;
  /** With the reference policy Local, or with Source. */
  createStream(name: string, image: string, policy: 'Local' | 'Source'): Promise<void>;
  /** A workload with the container `web`, scaled to zero, as it is once its trigger has fired. `stream`: whose tag latest feeds it. */
  create(workload: WorkloadReference, image: string, stream: string, live: boolean): Promise<void>;
  /** From now on no trigger writes to the workload. Gives the cluster through which that is soon found out. */
  silence(workload: WorkloadReference): Promise<Cluster>;
  /** What the tag latest is to name: a text that ends with the digest. */
  tagged(stream: string): Promise<string>;
  close(): Promise<void>;
}

const kinds = ['DeploymentConfig', 'Deployment', 'StatefulSet'] as const;

/** The behaviour of the port Cluster with image triggers; runs against each implementation. */
export function triggerContract(name: string, open: () => Promise<TriggerKit>): void {
  describe(`${name} keeps the contract of Cluster with image triggers`, () => {
    let kit: TriggerKit;
    beforeEach(async () => {
      kit = await open();
    });
    // None when it could not be opened: that failure is the one to tell.
    afterEach(async () => (kit as TriggerKit | undefined)?.close());
    settingContract(() => kit);
    refusalContract(() => kit);
    silenceContract(() => kit);
    watchingContract(() => kit);
  });
}

const { signal } = new AbortController();
const real = { dryRun: false };
const digestOf = (image: string | undefined) => /sha256:[0-9a-f]{64}$/.exec(image ?? '')?.[0];

function settingContract(context: () => TriggerKit): void {
  it.each(kinds)('sets a container of a %s that a trigger feeds by its tag', async (kind) => {
    const { cluster, images, ...kit } = context();
    const web = { kind, namespace: kit.namespace, name: 'web' };
    await kit.createStream('web-stream', images[0], 'Source');
    await kit.create(web, images[0], 'web-stream', true);
    const change = {
      images: { web: images[1] },
      annotations: { 'example.org/build': '2' },
      expected: { web: images[0] },
    };
    const answer = await cluster.setImages(web, change, real, signal);
    expect(digestOf(await kit.tagged('web-stream'))).toBe(digestOf(images[1]));
    for (const workload of [answer, await cluster.readWorkload(web, signal)]) {
      expect(workload?.containers[0]?.image).toBe(images[1]);
      expect(workload?.annotations).toMatchObject({ 'example.org/build': '2' });
    }
  });

  it('takes another repository with the same digest for the image that is meant', async () => {
    const { cluster, images, ...kit } = context();
    const web: WorkloadReference = { kind: 'DeploymentConfig', namespace: kit.namespace, name: 'web' };
    await kit.createStream('web-stream', images[0], 'Local');
    await kit.create(web, images[0], 'web-stream', true);
    const change = { images: { web: images[1] }, annotations: {}, expected: { web: images[0] } };
    const { containers, generation } = await cluster.setImages(web, change, real, signal);
    const [container] = containers;
    expect(container?.image).not.toBe(images[1]);
    expect(container && runsImage(container, images[1])).toBe(true);
    const again = { images: { web: images[1] }, annotations: { 'example.org/x': '1' }, expected: { web: images[1] } };
    expect(await cluster.setImages(web, again, real, signal)).toMatchObject({ containers, generation });
  });

  it('finds the tag right for the second workload that it feeds, and sets both back by it', async () => {
    const { cluster, images, ...kit } = context();
    const [web, worker] = (['DeploymentConfig', 'StatefulSet'] as const).map((kind) => ({
      kind,
      namespace: kit.namespace,
      name: kind.toLowerCase(),
    })) as [WorkloadReference, WorkloadReference];
    await kit.createStream('web-stream', images[0], 'Source');
    for (const one of [web, worker]) await kit.create(one, images[0], 'web-stream', true);
    const [first, second] = images;
    for (const [before, image] of [
      [first, second],
      [second, first],
    ] as const) {
      for (const one of [web, worker]) {
        const change = { images: { web: image }, annotations: {}, expected: { web: before } };
        const { containers } = await cluster.setImages(one, change, real, signal);
        expect(containers[0]?.image).toBe(image);
      }
    }
    expect(digestOf(await kit.tagged('web-stream'))).toBe(digestOf(images[0]));
  });

  it('patches a container whose trigger is paused, and leaves the tag alone', async () => {
    const { cluster, images, ...kit } = context();
    await kit.createStream('web-stream', images[0], 'Source');
    for (const kind of kinds) {
      const web = { kind, namespace: kit.namespace, name: kind.toLowerCase() };
      await kit.create(web, images[0], 'web-stream', false);
      const change = { images: { web: images[1] }, annotations: {}, expected: { web: images[0] } };
      const { containers } = await cluster.setImages(web, change, real, signal);
      expect(containers[0]).toEqual({ name: 'web', image: images[1], init: false });
    }
    expect(digestOf(await kit.tagged('web-stream'))).toBe(digestOf(images[0]));
  });
}

function refusalContract(context: () => TriggerKit): void {
  const fed = async () => {
    const { cluster, images, ...kit } = context();
    const web: WorkloadReference = { kind: 'DeploymentConfig', namespace: kit.namespace, name: 'web' };
    await kit.createStream('web-stream', images[0], 'Source');
    await kit.create(web, images[0], 'web-stream', true);
    const unchanged = async () => {
      expect(digestOf(await kit.tagged('web-stream'))).toBe(digestOf(images[0]));
      expect((await cluster.readWorkload(web, signal))?.containers[0]?.image).toBe(images[0]);
    };
    return { cluster, images, web, unchanged, absent: kit.absent };
  };

  it('keeps nothing of a dry run of a tag but answers with its result', async () => {
    const { cluster, images, web, unchanged } = await fed();
    const change = { images: { web: images[1] }, annotations: { 'example.org/new': '1' } };
    const answer = await cluster.setImages(web, change, { dryRun: true }, signal);
    expect(answer.containers[0]?.image).toBe(images[1]);
    expect(answer.annotations).toMatchObject({ 'example.org/new': '1' });
    await unchanged();
  });

  it('tags nothing when the image is not the expected one', async () => {
    const { cluster, images, web, unchanged } = await fed();
    const change = { images: { web: images[1] }, annotations: {}, expected: { web: images[2] } };
    await expect(cluster.setImages(web, change, real, signal)).rejects.toMatchObject({
      system: 'cluster',
      status: 409,
    });
    await unchanged();
  });

  it('sets the tag back when the image cannot be imported, and says so', async () => {
    const { cluster, web, absent, unchanged } = await fed();
    const change = { images: { web: absent }, annotations: {} };
    await expect(cluster.setImages(web, change, real, signal)).rejects.toMatchObject({ code: 'import-failed' });
    await unchanged();
  });
}

function silenceContract(context: () => TriggerKit): void {
  it.each([
    ['sets the tag back', false],
    ['leaves the tag set on a way back, and with it what else it feeds,', true],
  ])('%s when the trigger of a workload stays silent, and says so', async (_, keepTags) => {
    const { images, ...kit } = context();
    const named = (name: string): WorkloadReference => ({ kind: 'Deployment', namespace: kit.namespace, name });
    const [web, worker] = [named('web'), named('worker')];
    await kit.createStream('web-stream', images[0], 'Source');
    for (const one of [web, worker]) await kit.create(one, images[0], 'web-stream', true);
    const cluster = await kit.silence(web);
    const change = { images: { web: images[1] }, annotations: {} };
    await expect(cluster.setImages(web, change, { dryRun: false, keepTags }, signal)).rejects.toMatchObject({
      code: 'trigger-silent',
      message: expect.stringContaining(keepTags ? 'stays set to' : 'is set back') as string,
    });
    const image = keepTags ? images[1] : images[0];
    expect(digestOf(await kit.tagged('web-stream'))).toBe(digestOf(image));
    expect((await cluster.readWorkload(web, signal))?.containers[0]?.image).toBe(images[0]);
    for await (const view of cluster.watchNamespace(kit.namespace, [], signal))
      if (findWorkload(view, worker)?.containers[0]?.image === image) break;
  });
}

function watchingContract(context: () => TriggerKit): void {
  it('gives DeploymentConfigs with their tags where they are asked for, and only there', async () => {
    const { cluster, images, ...kit } = context();
    const web: WorkloadReference = { kind: 'DeploymentConfig', namespace: kit.namespace, name: 'web' };
    await kit.createStream('web-stream', images[0], 'Source');
    await kit.create(web, images[0], 'web-stream', true);
    const fedBy = { namespace: kit.namespace, stream: 'web-stream', tag: 'latest' };
    const first = async (sought: readonly WorkloadReference['kind'][]) => {
      for await (const { workloads } of cluster.watchNamespace(kit.namespace, sought, signal)) return workloads;
      throw new Error('the watch ended');
    };
    expect(await first([])).toEqual([]);
    expect(await first(['DeploymentConfig'])).toMatchObject([
      { ...web, wanted: 0, containers: [{ name: 'web', image: images[0], fedBy }] },
    ]);
  });
}

import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { newPod, newWorkload } from '@delivery/testing/fake-cluster';
import { newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { artifactFixture, imageFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import { entries, numbers, promoted, reasons, repository, Stage, tagOf } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const { signal } = new AbortController();
const host = `${repository.host}/${repository.path}`;

describe('pruning', () => {
  it('keeps 10 of 15 builds, and the one that is stable and runs', async () => {
    stage.rule = { ...stage.rule!, atLeast: 10 };
    for (let number = 1; number <= 15; number += 1) stage.build(number, 40 - number);
    await stage.promote('latest-3', '2026.08.1', 20);
    const digest = stage.registry.digestOf(repository, 'latest-3')!;
    stage.cluster.putWorkload(
      newWorkload({ namespace: 'prod', containers: [{ name: 'web', image: `${host}@${digest}`, init: false }] }),
    );
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'success', reason: 'web: 4 of 15 builds deleted' });
    expect(numbers(outcome, 'deleted')).toEqual([1, 2, 4, 5]);
    expect(reasons(outcome)).toMatchObject({
      3: 'runs in Deployment prod/web of project production',
      6: 'is among the newest 10',
    });
    const left = [3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((number) => `latest-${number}`);
    expect((await stage.tags()).sort()).toEqual(left.sort());
    for (const { digest: gone } of entries(outcome, 'deleted')) expect(await stage.has(gone)).toBe(false);
  });

  it('deletes nothing in a dry run, and asks no package for it', async () => {
    stage.build(1, 9);
    stage.packages = {
      listPage: () => Promise.reject(new Error('asked')),
      remove: () => Promise.reject(new Error('asked')),
    };
    const outcome = await stage.run({ 'dry-run': true });
    expect(outcome).toMatchObject({ result: 'success', reason: 'Dry run: web: 1 of 1 builds would be deleted' });
    expect(numbers(outcome, 'deleted')).toEqual([1]);
    const writes = stage.registry.calls.filter(({ method }) => /write|remove|copy/.test(method));
    expect(writes).toEqual([]);
  });

  it('tells each build with its reason in a table, the deleted ones first', async () => {
    stage.build(1, 9);
    stage.build(2, 8);
    stage.registry.seedImage(
      repository,
      'latest',
      imageFixture({ layer: 'layer of 3', labels: { 'build.number': '3' } }),
    );
    stage.registry.seedImage(
      repository,
      'latest-3',
      imageFixture({ layer: 'layer of 3', labels: { 'build.number': '3' } }),
    );
    const [table] = (await stage.run()).summary;
    expect(table).toMatchObject({
      kind: 'table',
      rows: [
        [
          'web',
          { code: 'latest-2' },
          expect.anything(),
          '2026-09-07 16:00Z',
          '🗑️ deleted',
          expect.stringContaining('is older than'),
        ],
        ['web', { code: 'latest-1' }, expect.anything(), '2026-09-06 16:00Z', '🗑️ deleted', expect.anything()],
        ['web', { code: 'latest-3' }, expect.anything(), '2026-09-15 16:00Z', 'kept', 'has the tag latest'],
      ],
    });
  });

  it('passes over an image that has no retention', async () => {
    stage.build(1, 9);
    expect(await stage.run({ image: ['loader'] })).toMatchObject({
      result: 'skipped',
      outputs: { deleted: [], kept: [] },
    });
    stage.rule = undefined;
    expect(await stage.run()).toMatchObject({
      result: 'skipped',
      reason: expect.stringContaining('web, loader has no'),
    });
    expect(stage.registry.calls).toEqual([]);
    stage.rule = new Stage().rule;
    const both = await stage.run({ image: ['web', 'loader'] });
    expect(both).toMatchObject({
      result: 'success',
      reason: 'web: 1 of 1 builds deleted; loader: has no retention in delivery.yaml',
    });
  });

  it('names every image that delivery.yaml does not know, before anything is asked', async () => {
    await expect(stage.run({ image: ['wbe', 'web', 'graph'] })).rejects.toMatchObject({
      problems: [
        { field: 'image', message: expect.stringContaining('did you mean "web"') },
        { field: 'image', message: expect.stringContaining('"graph"') },
      ],
    });
    expect(stage.registry.calls).toEqual([]);
  });
});

describe('what runs', () => {
  const kept = async () => reasons(await stage.run());
  const digests = (count: number) => Array.from({ length: count }, (_, at) => stage.build(at + 1, 9));
  const containers = (image: string) => [{ name: 'web', image, init: false }];
  const status = (image: string, imageId?: string) => ({
    ...{ name: 'web', init: false, image, ready: true, restarts: 0, last: undefined },
    state: { is: 'running', startedAt: new Date(0) } as const,
    ...(imageId !== undefined && { imageId }),
  });

  it('is kept: workloads that are stopped too, and what a rollback would bring back', async () => {
    const [one, two] = digests(4) as [Digest, Digest];
    const annotations = { 'delivery.actions/healthy': JSON.stringify({ web: `${host}@${two}` }) };
    stage.cluster.putWorkload(newWorkload({ namespace: 'dev', annotations, containers: containers(`${host}@${one}`) }));
    const init = [{ name: 'migrate', image: `${host}:latest-3`, init: true }];
    stage.cluster.putWorkload(
      newWorkload({ namespace: 'prod', name: 'worker', kind: 'StatefulSet', containers: init }),
    );
    expect(await kept()).toEqual({
      1: 'runs in Deployment dev/web of project test',
      2: 'runs in a rollback of Deployment dev/web of project test',
      3: 'runs in StatefulSet prod/worker of project production',
    });
  });

  it('is kept by the digest that the runtime tells, and by tag wherever the registry is known by another name', async () => {
    const [one, two] = digests(4) as [Digest, Digest];
    const pods = [
      status('web:latest', `docker-pullable://mirror.example.org/web@${one}`),
      status('registry.internal:5000/dev/web-stream:latest-3', two),
    ];
    stage.cluster.putPod(newPod({ namespace: 'prod', phase: 'Running', containers: pods }));
    expect(Object.keys(await kept())).toEqual(['1', '2', '3']);
  });

  it('is kept where a Job is not over, and what its template says; a pod that has ended does not run', async () => {
    const [one, two, three, four] = digests(6) as [Digest, Digest, Digest, Digest];
    const pod = (name: string, ownerUid: string, image: Digest) =>
      stage.cluster.putPod(
        newPod({ namespace: 'dev', name, ownerUid, phase: 'Failed', containers: [status(`${host}@${image}`)] }),
      );
    stage.jobs.putJob(
      newJob({ namespace: 'dev', name: 'waits', uid: 'waits', annotations: { 'delivery.actions/digest': one } }),
    );
    stage.jobs.putJob(
      newJob({
        namespace: 'dev',
        name: 'over',
        uid: 'over',
        conditions: [{ type: 'Failed', status: 'True', reason: '', message: '' }],
      }),
    );
    pod('tries-again', 'waits', two);
    pod('ended', 'over', three);
    stage.projects = [
      newProject('test', {
        ...{ namespace: 'dev', follows: 'latest', data: { cronJob: 'look' } },
        jobs: { web: { cronJob: 'loader', containers: undefined, timeoutMs: 1, succeeds: undefined } },
      }),
    ];
    stage.jobs.putCronJob(newCronJob({ namespace: 'dev', name: 'look', containers: containers(`${host}@${four}`) }));
    stage.jobs.putCronJob(newCronJob({ namespace: 'dev', name: 'loader', containers: containers(`${host}:latest-5`) }));
    expect(await kept()).toEqual({
      1: 'runs in Job dev/waits of project test',
      2: 'runs in Pod dev/tries-again of project test',
      4: 'runs in CronJob dev/look of project test',
      5: 'runs in CronJob dev/loader of project test',
    });
  });

  it('does not trip over annotations and images that are none of ours', async () => {
    digests(1);
    for (const [at, text] of ['{', '[]', 'null', '{"web": 7}', '{"web": "@@"}', '"x"'].entries()) {
      const annotations = { 'delivery.actions/healthy': text };
      stage.cluster.putWorkload(
        newWorkload({ namespace: 'dev', name: `w${at}`, annotations, containers: containers('UPPER:x:y') }),
      );
    }
    expect(await kept()).toEqual({});
  });
});

describe('what was promoted', () => {
  it('is kept: stable, every version, and the last so many different ones', async () => {
    stage.rule = { ...stage.rule!, keepPromoted: 3 };
    for (let number = 1; number <= 7; number += 1) stage.build(number, 50);
    await stage.promote('latest-7', '2026.08.9', 1, ['2026.08.9']);
    await stage.promote('latest-1', '2026.08.1', 30, []);
    await stage.promote('latest-2', '2026.08.2', 20, []);
    await stage.promote('latest-3', '2026.08.3', 10, []);
    await stage.promote('latest-4', '2026.08.4', 5, ['stable']);
    await stage.promote('latest-2', '2026.08.2', 3, []);
    expect(reasons(await stage.run())).toEqual({
      2: 'is number 3 of those promoted last',
      4: 'is stable',
      7: 'is version 2026.08.9',
    });
    expect(stage.registry.digestOf(promoted, 'stable')).toBeDefined();
  });

  it('is kept in a repository that builds and versions share', async () => {
    stage.build(1, 9);
    stage.build(2, 9);
    const manifest = (await stage.registry.readManifest(repository, 'latest-1', signal))!;
    await stage.put('2026.08.1', manifest);
    await stage.put('stable', manifest);
    const topology = stage.topology();
    stage.topology = () => ({ ...topology, images: { web: { ...topology.images['web']!, promoted: repository } } });
    expect(reasons(await stage.run())).toEqual({ 1: 'is stable' });
    expect(await stage.tags()).toEqual(['2026.08.1', 'latest-1', 'stable']);
  });
});

describe('what belongs to a build', () => {
  it('goes with it to the last manifest, and stays with one that stays', async () => {
    const [stays, goes] = [await stage.whole(1), await stage.whole(2)];
    stage.cluster.putPod(
      newPod({
        namespace: 'prod',
        phase: 'Running',
        containers: [
          {
            ...{ name: 'web', init: false, ready: true, restarts: 0, last: undefined },
            image: `${host}@${stays[1]}`,
            state: { is: 'running', startedAt: new Date(0) },
          },
        ],
      }),
    );
    const outcome = await stage.run();
    expect(numbers(outcome, 'deleted')).toEqual([2]);
    expect(outcome.result).toBe('success');
    expect(await Promise.all(goes.map((digest) => stage.has(digest)))).toEqual(goes.map(() => false));
    expect(await Promise.all(stays.map((digest) => stage.has(digest)))).toEqual(stays.map(() => true));
    expect((await stage.tags()).filter((tag) => tag.startsWith('latest'))).toEqual(['latest-1']);
    expect((await stage.tags()).filter((tag) => tag.includes(goes[0]!.slice(7)))).toEqual([]);
    const place = (digest: Digest) => stage.removed.indexOf(digest);
    for (const other of goes.slice(1)) expect(place(other)).toBeGreaterThan(place(goes[0]!));
  });

  it('goes with the tag that lists referrers where the registry has no API for them', async () => {
    const image = imageFixture({ layer: 'x', labels: { 'build.number': '1' }, created: '2026-01-01T00:00:00Z' });
    const digest = stage.registry.seedImage(repository, 'latest-1', image);
    const note = artifactFixture(image.manifest, { event: 'built' });
    stage.registry.seedImage(repository, note.manifest.digest, note);
    const { mediaType, bytes, digest: of } = note.manifest;
    const list = new TextEncoder().encode(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [{ mediaType, digest: of, size: bytes.length }],
      }),
    );
    await stage.put(tagOf(digest), {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      bytes: list,
      digest: digestOf(list),
    });
    expect((await stage.run()).result).toBe('success');
    expect(await stage.tags()).toEqual([]);
    expect(await stage.has(of)).toBe(false);
  });
});

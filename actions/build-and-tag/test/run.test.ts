import { readLedger } from '@delivery/core/action/ledger';
import { buildNumberLabel, createdLabel, revisionLabel, sourceLabel, versionLabel } from '@delivery/core/domain/build';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Scene } from './fakes.ts';
import { commitA, commitB, newScene, repository, runAction, seedBuild } from './fakes.ts';

describe('build-and-tag', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = newScene();
  });
  const digestOf = (tag: string) => scene.registry.digestOf(repository, tag);

  it('builds once, pushes latest-N and moves latest to the same digest', async () => {
    seedBuild(scene.registry, 267, commitB, ['latest']);
    const { result, outputs } = await runAction(scene);
    const digest = digestOf('latest-268');
    expect(result).toBe('success');
    expect(digestOf('latest')).toBe(digest);
    expect(outputs).toEqual({
      digest,
      reference: `registry.example.org/acme/web@${digest}`,
      'build-number': 268,
      tags: ['latest-268', 'latest'],
      'moved-latest': true,
    });
    expect(scene.builder.pushed).toEqual(['latest-268']);
    expect(scene.registry.written[0]).toBe('registry.example.org/acme/web:latest');
  });

  it('notes in the ledger what it has built, who and in which run, and nothing in a re-run', async () => {
    await runAction(scene, {}, { actor: 'ada', runAttempt: 2 });
    await runAction(scene, {}, { actor: 'ada', runAttempt: 3 });
    const { signal } = new AbortController();
    expect(await readLedger(repository, digestOf('latest-268')!, scene.registry, signal)).toEqual([
      expect.objectContaining({
        ...{ event: 'built', verdict: 'success', build: 268, by: 'ada' },
        reason: `Built with docker from ${commitA}.`,
        run: 'https://github.example.org/acme/stack/actions/runs/7001/attempts/2',
      }),
    ]);
  });

  it('is no less a success when the ledger cannot be written', async () => {
    scene.registry.onCall = ({ method }) => {
      if (method === 'writeBlob') throw new RemoteError('registry', 'no', { status: 403, retryable: false });
    };
    const { result, outputs } = await runAction(scene);
    expect(result).toBe('success');
    expect(digestOf('latest')).toBe(outputs.digest);
    expect(scene.step.log.of('warning')).toEqual([expect.stringMatching(/^The ledger of .* lacks that it was built/)]);
  });

  it('labels the image and passes the build arguments, with those of the user', async () => {
    await runAction(scene, { labels: 'data.origin=2026-09-15T16', 'build-args': 'A=1', secrets: 'token=canary' });
    const recipe = scene.builder.built[0]!;
    expect(Object.fromEntries(recipe.labels)).toEqual({
      'data.origin': '2026-09-15T16',
      [buildNumberLabel]: '268',
      [revisionLabel]: commitA,
      [sourceLabel]: 'https://github.example.org/acme/stack',
      [createdLabel]: '2026-09-15T16:00:00.000Z',
      [versionLabel]: '268',
    });
    expect(Object.fromEntries(recipe.buildArgs)).toEqual({ A: '1', BUILD_NUMBER: '268', GIT_SHA: commitA });
    expect(scene.step.masked).toContain('canary');
  });

  it('builds and pushes nothing in a re-run and gives the same outputs', async () => {
    const first = await runAction(scene);
    scene.registry.calls.length = 0;
    const second = await runAction(scene, {}, { runAttempt: 2 });
    expect(second.outputs).toEqual(first.outputs);
    expect(scene.builder.built).toHaveLength(1);
    expect(scene.registry.written).toEqual([]);
    expect(second.reason).toContain('nothing was built or pushed');
  });

  it('puts latest right in a re-run when the first attempt was stopped before it did', async () => {
    const digest = seedBuild(scene.registry, 268, commitA);
    seedBuild(scene.registry, 267, commitB, ['latest']);
    expect(await runAction(scene)).toMatchObject({ outputs: { digest, 'moved-latest': true } });
    expect(digestOf('latest')).toBe(digest);
    expect(scene.builder.built).toEqual([]);
  });

  it('refuses the number of another commit before anything is built', async () => {
    const digest = seedBuild(scene.registry, 268, commitB);
    await expect(runAction(scene)).rejects.toMatchObject({
      code: 'number-taken',
      message: expect.stringContaining(commitB),
      hint: expect.stringContaining('next free number is 269'),
    });
    expect(scene.builder.built).toEqual([]);
    expect(digestOf('latest-268')).toBe(digest);
    expect(scene.registry.written).toEqual([]);
  });

  it('adds the offset to the number of the run', async () => {
    seedBuild(scene.registry, 500, commitB, ['latest']);
    expect(await runAction(scene, { 'build-number-offset': '489' }, { runNumber: 12 })).toMatchObject({
      outputs: { 'build-number': 501, 'moved-latest': true },
    });
  });

  it('leaves latest with a longer sequence and warns how to go on from it', async () => {
    const digest = seedBuild(scene.registry, 500, commitB, ['latest']);
    const { result, outputs, reason } = await runAction(scene, {}, { runNumber: 12 });
    expect({ result, outputs }).toMatchObject({
      result: 'success',
      outputs: { 'moved-latest': false, tags: ['latest-12'] },
    });
    expect(reason).toContain('latest stays at build 500');
    expect(scene.step.log.of('warning').join()).toContain('build-number-offset to 489');
    expect(digestOf('latest')).toBe(digest);
  });

  it('leaves latest alone when a newer build overtook this one, without a warning', async () => {
    scene.builder.whileBuilding = () => void seedBuild(scene.registry, 269, commitB, ['latest']);
    expect(await runAction(scene)).toMatchObject({ outputs: { 'moved-latest': false } });
    expect(digestOf('latest')).toBe(digestOf('latest-269'));
    expect(scene.step.log.of('warning')).toEqual([]);
  });

  it('does not move latest back when the tag of the build that it names was deleted', async () => {
    const deleted = seedBuild(scene.registry, 300, commitB, ['latest']);
    scene.registry.listTags = async () => ['latest', 'latest-268'].filter((tag) => digestOf(tag));
    expect(await runAction(scene)).toMatchObject({ outputs: { 'moved-latest': false } });
    expect(digestOf('latest')).toBe(deleted);
  });

  it('takes the number after the highest with next, and any number that is given', async () => {
    seedBuild(scene.registry, 41, commitB);
    expect(await runAction(scene, { 'build-number': 'next' })).toMatchObject({ outputs: { 'build-number': 42 } });
    expect(await runAction(scene, { 'build-number': '77' })).toMatchObject({ outputs: { 'build-number': 77 } });
  });

  it('reuses in a re-run with next the number that the commit has', async () => {
    const first = await runAction(scene, { 'build-number': 'next' });
    seedBuild(scene.registry, 2, commitB, ['latest']);
    expect(await runAction(scene, { 'build-number': 'next' }, { runAttempt: 2 })).toMatchObject({
      outputs: { digest: first.outputs.digest!, 'build-number': 1, 'moved-latest': false },
    });
    expect(scene.builder.pushed).toEqual(['latest-1']);
  });

  it('builds again with the next number when next was taken while it built', async () => {
    scene.builder.whileBuilding = () => {
      if (scene.builder.built.length === 0) seedBuild(scene.registry, 1, commitB, ['latest']);
    };
    expect(await runAction(scene, { 'build-number': 'next' })).toMatchObject({
      outputs: { 'build-number': 2, 'moved-latest': true },
    });
    expect(scene.builder.pushed).toEqual(['latest-2']);
    expect(scene.builder.built.map(({ labels }) => labels.get(buildNumberLabel))).toEqual(['1', '2']);
  });

  it('gives up when next is taken again and again', async () => {
    let taken = 0;
    scene.builder.whileBuilding = () => void seedBuild(scene.registry, ++taken, commitB);
    await expect(runAction(scene, { 'build-number': 'next' })).rejects.toMatchObject({ code: 'number-taken' });
    expect(scene.builder.pushed).toEqual([]);
  });

  it('pushes nothing over a number that another commit took while it built', async () => {
    scene.builder.whileBuilding = () => void seedBuild(scene.registry, 268, commitB);
    await expect(runAction(scene)).rejects.toMatchObject({ code: 'number-taken' });
    expect(scene.builder.pushed).toEqual([]);
  });

  it('takes the build of the same commit that another attempt pushed while it built', async () => {
    scene.builder.whileBuilding = () => void seedBuild(scene.registry, 268, commitA);
    expect(await runAction(scene)).toMatchObject({
      outputs: { digest: digestOf('latest-268')!, 'moved-latest': true },
    });
    expect(scene.builder.pushed).toEqual([]);
  });

  it.each<[string, string, (scene: Scene) => void]>([
    [
      'another digest than the builder says',
      'read-back',
      ({ builder }) => (builder.claim = () => `sha256:${'0'.repeat(64)}`),
    ],
    [
      'the build of another run, pushed at once',
      'number-taken',
      ({ builder, registry }) => (builder.afterPush = () => void seedBuild(registry, 268, commitB)),
    ],
    ['an image without the labels', 'read-back', ({ builder }) => (builder.labels = () => new Map())],
  ])('fails and leaves latest alone when it reads back %s', async (_, code, arrange) => {
    const digest = seedBuild(scene.registry, 267, commitB, ['latest']);
    arrange(scene);
    await expect(runAction(scene)).rejects.toMatchObject({ code });
    expect(digestOf('latest')).toBe(digest);
  });

  it('fails when the registry has lost what was pushed', async () => {
    const { registry } = scene;
    const readManifest = registry.readManifest.bind(registry);
    registry.readManifest = async (where, reference, signal) =>
      reference === 'latest-268' ? undefined : readManifest(where, reference, signal);
    await expect(runAction(scene)).rejects.toMatchObject({ code: 'read-back' });
    expect(digestOf('latest')).toBeUndefined();
  });

  it('gives up when latest never comes to rest', async () => {
    const { registry } = scene;
    const older = seedBuild(registry, 1, commitB);
    registry.onCall = async ({ method, reference }) => {
      if (method === 'listTags') seedBuild(registry, 1, commitB, ['latest']);
      expect(reference).not.toBe('latest-1');
    };
    await expect(runAction(scene)).rejects.toMatchObject({ code: 'latest-unstable' });
    expect(digestOf('latest')).not.toBe(older);
    expect(registry.written).toHaveLength(20);
  });

  it('changes nothing in a dry run and says what it would do', async () => {
    seedBuild(scene.registry, 267, commitB, ['latest']);
    const outcome = await runAction(scene, { 'dry-run': 'true' });
    expect(outcome).toMatchObject({ result: 'skipped', outputs: { 'build-number': 268, 'moved-latest': false } });
    expect(outcome.reason).toContain(
      'docker would build and push registry.example.org/acme/web:latest-268; latest would then name it',
    );
    expect(scene.builder.built).toEqual([]);
    expect(scene.registry.written).toEqual([]);
  });

  it('refuses in a dry run what it would refuse', async () => {
    seedBuild(scene.registry, 268, commitB);
    await expect(runAction(scene, { 'dry-run': 'true' })).rejects.toMatchObject({ code: 'number-taken' });
  });

  it.each([
    [
      'an image that delivery.yaml does not have',
      { image: 'nothing' },
      {},
      /^image: "nothing" is not an image of delivery.yaml; known are web, bare$/,
    ],
    ['an image without build', { image: 'bare' }, {}, /^images.bare.build: is missing/],
    ['a run without a commit', {}, { sha: '' }, /^GITHUB_SHA: /],
    ['a run without a number', {}, { runNumber: 0 }, /^build-number: is needed/],
    [
      'an offset that makes the number too large',
      { 'build-number-offset': '999999999' },
      {},
      /^build-number: .*more than 999999999/,
    ],
  ])('refuses %s', async (_, given, run, message) => {
    await expect(runAction(scene, given, run)).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(message),
    });
    expect(scene.builder.built).toEqual([]);
  });

  it('refuses what the builder cannot do before it asks the registry', async () => {
    scene.builder.problems = [{ field: 'images.web.build.file', message: 'does not exist' }];
    await expect(runAction(scene)).rejects.toMatchObject({ code: 'input' });
    expect(scene.registry.calls).toEqual([]);
  });

  it('pushes nothing when it is cancelled while it builds', async () => {
    scene.builder.whileBuilding = () => scene.step.cancel.abort(new Error('cancelled'));
    await expect(runAction(scene)).rejects.toThrow('cancelled');
    expect(scene.builder.pushed).toEqual([]);
    expect(digestOf('latest')).toBeUndefined();
  });
});

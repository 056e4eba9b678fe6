import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { parseVersion } from '@delivery/core/domain/version';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { newJob } from '@delivery/testing/fake-jobs';
import { digestOf } from '@delivery/testing/image-fixture';
import { built, commitOf, imageOf, promoted, reference, Stage } from './stage.ts';

const august = parseVersion('2026.08.3')!;
const july = parseVersion('2026.07.1')!;
let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const writes = () => stage.registry.written.filter((name) => name.startsWith('registry.example.org/prod'));
const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

/** Builds 267 and 268; 267 is stable as 2026.07.1 and runs in both projects. */
async function released(): Promise<{ before: `sha256:${string}`; after: `sha256:${string}` }> {
  const before = await stage.build(267);
  for (const namespace of ['production', 'ric']) stage.running(namespace, `${built.host}/${built.path}:latest-1`);
  await stage.run({ version: july });
  const after = await stage.build(268);
  stage.log.lines.length = 0;
  stage.registry.calls.length = 0;
  return { before, after };
}

describe('a promotion', () => {
  it('makes the very digest stable, and brings it to every project that follows', async () => {
    const { before, after } = await released();
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({
      result: 'success',
      reason: 'web latest-268 as 2026.08.3 is stable (forward): healthy in production, healthy in ric.',
      outputs: { digest: after, 'previous-digest': before, direction: 'forward', version: '2026.08.3' },
    });
    expect(stage.registry.digestOf(promoted, '2026.08.3')).toBe(after);
    expect(stage.stable()).toBe(after);
    expect(
      writes()
        .slice(-3)
        .map((name) => name.split(':').at(-1)),
    ).not.toContain('latest-268');
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(after)));
    const ledger = await stage.ledger(after);
    expect(ledger.map(({ event }) => event).sort()).toEqual(['promoted', 'tested']);
    expect(ledger.find(({ event }) => event === 'promoted')).toMatchObject({
      ...{ verdict: 'success', version: '2026.08.3', previous: before, by: 'ada', reason: 'the release of August' },
    });
  });

  it('shows the difference before: builds, commits, digest, size, platforms', async () => {
    await released();
    stage.gitHub = new FakeGitHub({ commits: [commitOf(267), 'e'.repeat(40), commitOf(268)] });
    const outcome = await stage.run({ version: august, 'dry-run': true });
    const shown = summaryOf(outcome);
    for (const part of ['latest-267', 'latest-268', '2 more', 'Commit eeeeeee', 'linux/amd64', '2026.08.3', '🟢 test'])
      expect(shown).toContain(part);
  });

  it('needs no GitHub: then the commits are left out', async () => {
    await released();
    stage.gitHub = undefined;
    expect((await stage.run({ version: august })).result).toBe('success');
  });

  it('stops there in a dry run: nothing is written and no cluster is asked', async () => {
    const { before } = await released();
    stage.cluster.fail(new RemoteError('cluster', 'away', { retryable: true }));
    const outcome = await stage.run({ version: august, 'dry-run': true });
    expect(outcome).toMatchObject({ result: 'success', outputs: { version: '2026.08.3', direction: 'forward' } });
    expect(outcome.reason).toMatch(/^Dry run: web latest-268 as 2026\.08\.3 would become stable \(forward\)/);
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);
    expect(stage.stable()).toBe(before);
  });

  it('of what is stable already changes nothing and is green', async () => {
    const { before } = await released();
    const outcome = await stage.run({ build: { kind: 'number', number: 267 }, version: july });
    expect(outcome).toMatchObject({ result: 'success', outputs: { direction: 'same', digest: before } });
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);
    expect((await stage.ledger(before)).filter(({ event }) => event === 'promoted')).toHaveLength(1);
  });

  describe('that is killed at any request', () => {
    /** Runs with a registry that answers nothing from request `at` on; false when the run ended before that. */
    const killedAt = async (at: number, inputs: Parameters<Stage['run']>[0]): Promise<boolean> => {
      let count = 0;
      stage.registry.onCall = () => {
        count += 1;
        if (count >= at) throw new RemoteError('registry', 'killed', { retryable: false });
      };
      await stage.run(inputs).catch(() => undefined);
      stage.registry.onCall = () => undefined;
      return count >= at;
    };

    it('leaves the old stable or the new one, and the next run ends it and knows what was before', async () => {
      let at = 1;
      for (; ; at++) {
        stage = new Stage();
        const { before, after } = await released();
        const wasKilled = await killedAt(at, { version: august });
        expect([before, after]).toContain(stage.stable());
        expect((await stage.run({ version: august })).result).toBe('success');
        expect(stage.stable()).toBe(after);
        const back = await stage.run({ build: { kind: 'previous' }, 'dry-run': true });
        expect(back.outputs).toMatchObject({ direction: 'rollback', digest: before });
        if (!wasKilled) break;
      }
      expect(at).toBeGreaterThan(20);
    }, 30_000);

    it('and fails when it is run again goes back to what was before', async () => {
      for (let at = 1; ; at++) {
        stage = new Stage();
        const { before, after } = await released();
        const wasKilled = await killedAt(at, { version: august });
        stage.broken.add(`production ${after}`);
        if (!wasKilled) break;
        expect((await stage.run({ version: august })).result).toBe('failure');
        expect(stage.stable()).toBe(before);
        for (const project of ['production', 'ric'])
          expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(before)));
      }
    }, 30_000);
  });

  it('that is cancelled while stable is moved says so, and the next run ends it', async () => {
    const { after } = await released();
    stage.registry.onCall = ({ method, reference: tag }) => {
      if (method === 'writeManifest' && tag === 'stable') stage.cancel.abort(new CancelledError('a test'));
    };
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { digest: after } });
    expect(outcome.reason).toContain('cancelled while stable was being moved');
    stage.registry.onCall = () => undefined;
    stage.cancel = new AbortController();
    expect((await stage.run({ version: august })).result).toBe('success');
  });

  it('for some of the projects is yellow, and names those that were left out', async () => {
    await released();
    const outcome = await stage.run({ version: august, project: ['ric'] });
    expect(outcome).toMatchObject({ result: 'unstable', next: 'Run this again for production.' });
    expect(outcome.reason).toContain('production was left out and follows it as well');
  });

  it('goes on only while that is stable which was shown', async () => {
    const { before, after } = await released();
    expect((await stage.run({ version: august, 'expect-stable': 'none' })).reason).toMatch(
      /is stable now, not nothing/,
    );
    expect((await stage.run({ version: august, 'expect-stable': after })).reason).toMatch(/is stable now, not/);
    expect(stage.stable()).toBe(before);
    expect((await stage.run({ version: august, 'expect-stable': before })).result).toBe('success');
    expect((await stage.run({ version: august, 'expect-stable': before })).result).toBe('success');
  });

  it('does not believe the promotions that the repository of builds tells of', async () => {
    const { before } = await released();
    await stage.record(267, 'promoted', 'success');
    await stage.record(268, 'promoted', 'success');
    await stage.run({ version: august });
    const { outputs } = await stage.run({ build: { kind: 'previous' }, 'dry-run': true });
    expect(outputs.digest).toBe(before);
  });
});

describe('a promotion is refused, and nothing is written,', () => {
  const nothingWritten = () =>
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);

  it('of a build that is not there, with those that are', async () => {
    await released();
    const outcome = await stage.run({ build: { kind: 'number', number: 99 }, version: august });
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('no latest-99') as string });
    expect(summaryOf(outcome)).toContain('268');
    nothingWritten();
  });

  it('of a build that never ran in TEST, or failed there last', async () => {
    await released();
    await stage.build(269, 'nothing');
    stage.registry.calls.length = 0;
    expect(await stage.run({ version: august })).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('no record of it') as string,
    });
    nothingWritten();
    await stage.record(269, 'tested', 'failure');
    stage.registry.calls.length = 0;
    expect((await stage.run({ version: august })).reason).toContain('failed when it was last tried');
    nothingWritten();
  });

  it('under a version that names another digest', async () => {
    await released();
    const outcome = await stage.run({ version: july });
    expect(outcome.reason).toContain('Version 2026.07.1 is in use for another digest');
    nothingWritten();
  });

  it('when what is stable now cannot be read, unless it is forced', async () => {
    await released();
    const config = digestOf(imageOf(267).blobs[0]!);
    stage.registry.onCall = ({ method, reference: digest }) => {
      if (method === 'readBlob' && digest === config)
        throw new RemoteError('registry', 'there is no such blob', { status: 404, retryable: false });
    };
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain('cannot be read: there is no such blob');
    nothingWritten();
    expect((await stage.run({ version: august, force: true })).result).toBe('success');
  });

  it('when a project would not take it', async () => {
    const { before } = await released();
    stage.running('ric', reference(before), { paused: true });
    stage.registry.calls.length = 0;
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('paused') as string });
    nothingWritten();
  });

  it('of an image without a promoted repository, or for a project that does not follow stable', async () => {
    await expect(stage.run({ image: 'frozen' })).rejects.toThrow('"frozen" has no field promoted');
    await expect(stage.run({ project: ['test'] })).rejects.toThrow(/"test" has neither workloads nor a job/);
  });
});

describe('a rollback', () => {
  it('is the promotion of what was stable before, said as such', async () => {
    const { before, after } = await released();
    await stage.run({ version: august });
    const outcome = await stage.run({ build: { kind: 'previous' }, reason: 'colours are wrong' });
    expect(outcome).toMatchObject({
      result: 'success',
      reason: 'web latest-267 as 2026.07.1 is stable (rollback): healthy in production, healthy in ric.',
      outputs: { direction: 'rollback', digest: before, 'previous-digest': after, version: '2026.07.1' },
    });
    expect(stage.log.of('warning')).toContain('The database does not roll back with the image.');
    expect(summaryOf(outcome)).toContain('does not roll back');
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(before)));
    expect((await stage.ledger(before)).at(-1)).toMatchObject({
      ...{
        event: 'rolled-back',
        verdict: 'success',
        version: '2026.07.1',
        previous: after,
        reason: 'colours are wrong',
      },
    });
  });

  it('behind a migration needs force', async () => {
    await stage.build(266, 'tested', { 'schema.version': '6' });
    await released();
    await stage.build(268, 'tested', { 'schema.version': '7' });
    await stage.run({ version: august });
    const back = { build: { kind: 'number', number: 266 }, version: parseVersion('2026.06.1')! } as const;
    expect(await stage.run(back)).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('Its schema is 6, the database has 7') as string,
    });
    expect(await stage.run({ ...back, force: true })).toMatchObject({ result: 'success' });
  });
});

describe('a rollout that fails', () => {
  it('brings back its workloads, stable, and the projects that had followed', async () => {
    const { before, after } = await released();
    stage.broken.add(`production ${after}`);
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({
      result: 'failure',
      outputs: { projects: { production: { verdict: 'rolled-back' } } },
    });
    expect(outcome.reason).toContain('stable is latest-267 again; ric too: healthy.');
    expect(stage.stable()).toBe(before);
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(before)));
    expect((await stage.ledger(after)).at(-1)).toMatchObject({ event: 'promoted', verdict: 'failure' });
    const again = await stage.run({ build: { kind: 'previous' }, 'dry-run': true }).catch((error: unknown) => error);
    expect(String((again as { reason?: string }).reason)).toContain('the ledger does not say what was stable before');
  });

  it('by a cluster that breaks off in the middle goes back as well, and the other projects are told of', async () => {
    const { before } = await released();
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    let broken = true;
    stage.cluster.setImages = async (workload, change, options, signal) => {
      if (broken && workload.namespace === 'production' && !options.dryRun) {
        broken = false;
        throw new RemoteError('cluster', 'the API server refused', { status: 403, retryable: false });
      }
      return setImages(workload, change, options, signal);
    };
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({
      result: 'failure',
      outputs: { projects: { production: { verdict: 'broken-off', cause: 'cluster' }, ric: { verdict: 'healthy' } } },
    });
    expect(stage.stable()).toBe(before);
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(before)));
  });

  it('brings stable to a project that had nothing of its own to go back to', async () => {
    const { before, after } = await released();
    stage.running('production', `${promoted.host}/${promoted.path}:stable`);
    stage.broken.add(`production ${after}`);
    await stage.run({ version: august });
    expect(stage.imagesOf('production')).toEqual(Array(2).fill(reference(before)));
  });

  it('leaves those alone that have migrated their database meanwhile, and says so', async () => {
    await stage.build(267, 'tested', { 'schema.version': '6' });
    for (const namespace of ['production', 'ric']) stage.running(namespace, `${built.host}/${built.path}:latest-1`);
    await stage.run({ version: july });
    const after = await stage.build(268, 'tested', { 'schema.version': '7' });
    stage.broken.add(`production ${after}`);
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain('ric stays with latest-268: its schema 7 is not that of latest-267, 6.');
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(after)));
  });

  it('leaves all of it with on-failure: leave', async () => {
    const { after } = await released();
    stage.broken.add(`production ${after}`);
    const outcome = await stage.run({ version: august, 'on-failure': 'leave' });
    expect(outcome.result).toBe('failure');
    expect(stage.stable()).toBe(after);
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(after)));
  });

  it('leaves stable where it is when nothing was stable before, and says so', async () => {
    const digest = await stage.build(268);
    for (const namespace of ['production', 'ric']) stage.running(namespace, `${built.host}/${built.path}:latest-1`);
    stage.broken.add(`production ${digest}`);
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain('What was stable before is not known, so stable stays where it is');
    expect(stage.stable()).toBe(digest);
  });

  it('leaves stable to somebody else who has moved it meanwhile, and says so', async () => {
    const { after } = await released();
    stage.broken.add(`production ${after}`);
    const settle = stage.cluster.onSetImages;
    let other: string | undefined;
    stage.cluster.onSetImages = (workload) => {
      other ??= stage.registry.seedImage(promoted, 'stable', imageOf(250));
      settle(workload);
    };
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain(
      'stable could not be set back: tag stable of registry.example.org/prod/web-stream was to move',
    );
    expect(stage.stable()).toBe(other);
  });
});

describe('the promotion of a loader', () => {
  it('launches it in every project that follows stable', async () => {
    const digest = await stage.build(12, 'loaded');
    const outcome = await stage.run({ image: 'loader', version: august });
    expect(outcome).toMatchObject({
      result: 'success',
      outputs: { projects: { production: { verdict: 'succeeded' }, ric: { verdict: 'succeeded' } } },
    });
    expect(stage.jobs.creations.map(({ job }) => job.images)).toEqual(Array(2).fill({ loader: reference(digest) }));
  });

  it('is stable all the same where an earlier load still runs, and that is yellow', async () => {
    const digest = await stage.build(12, 'loaded');
    const owned = { namespace: 'ric', name: 'loader', uid: 'earlier', ownerUid: 'CronJob-ric-loader' };
    stage.jobs.putJob(newJob({ ...owned, active: 1 }));
    const outcome = await stage.run({ image: 'loader', version: august });
    expect(outcome).toMatchObject({ result: 'unstable', outputs: { projects: { ric: { verdict: 'blocked' } } } });
    expect(stage.stable()).toBe(digest);
  });

  it('needs the record that it loaded: that it was tested is not the same', async () => {
    await stage.build(12, 'tested');
    expect((await stage.run({ image: 'loader', version: august })).reason).toContain('no record of it');
  });
});

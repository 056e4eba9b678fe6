import { RemoteError } from '@delivery/core/errors/errors';
import { parseVersion } from '@delivery/core/domain/version';
import { newJob } from '@delivery/testing/fake-jobs';
import { built, promoted } from './projects.ts';
import { august, imageOf, july, reference, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('a rollback', () => {
  it('is the promotion of what was stable before, said as such', async () => {
    const { before, after } = await stage.released();
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
    await stage.released();
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
    const { before, after } = await stage.released();
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
    const { before } = await stage.released();
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
    const { before, after } = await stage.released();
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

  it('of what was stable and ran there already is red, and nothing goes back: the promotion did not break it', async () => {
    await stage.released();
    await stage.run({ version: august });
    const after = stage.stable()!;
    stage.running('production', reference(after), { ready: 0, available: 0 });
    stage.broken.add(`production ${after}`);
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { direction: 'same' } });
    expect(outcome.reason).toContain('is stable already, but: production');
    expect(stage.stable()).toBe(after);
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(after)));
  });

  it('leaves all of it with on-failure: leave', async () => {
    const { after } = await stage.released();
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
    const { after } = await stage.released();
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

  it('is refused, and stable stays, where the API server would not take its Job', async () => {
    await stage.build(12, 'loaded');
    stage.jobs.onAdmission = (_, namespace) => {
      if (namespace !== 'ric') return;
      throw new RemoteError('cluster', 'jobs.batch is forbidden: exceeded quota', { status: 403, retryable: false });
    };
    const outcome = await stage.run({ image: 'loader', version: august });
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('exceeded quota') as string,
      next: 'Put that right first. Nothing was changed.',
      outputs: { projects: { production: { verdict: 'planned' }, ric: { verdict: 'failed', cause: 'cluster' } } },
    });
    expect([stage.stable(), stage.jobs.creations]).toEqual([undefined, []]);
  });

  it('needs the record that it loaded: that it was tested is not the same', async () => {
    await stage.build(12, 'tested');
    expect((await stage.run({ image: 'loader', version: august })).reason).toContain('no record of it');
  });
});

import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { backupFileAt, backupMadeAt } from '@delivery/testing/backup-made';
import { newJob } from '@delivery/testing/fake-jobs';
import { variablesOfJobs } from '@delivery/testing/fake-program';
import { runOf } from '@delivery/testing/program-run';
import { payload } from '../src/payload.ts';
import { august, reference, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.isBackedUp = true;
});

const writes = () => stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method));
const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);
const asked = { version: august, 'backup-first': 'true' } as const;

describe('a promotion with a backup first', () => {
  it('makes it before anything is written, and names it in outputs, summary and ledger', async () => {
    const { after } = await stage.released();
    let writtenBefore = -1;
    let file = '';
    stage.backs = () => {
      writtenBefore = writes().length;
      file = backupFileAt(stage.clock.now());
      return backupMadeAt(stage.clock.now());
    };
    const outcome = await stage.run(asked);
    expect(outcome).toMatchObject({
      result: 'success',
      outputs: {
        backups: { production: file },
        projects: { production: { verdict: 'healthy' }, ric: { verdict: 'healthy' } },
      },
    });
    expect(writtenBefore).toBe(0);
    expect(stage.stable()).toBe(after);
    const summary = summaryOf(outcome);
    for (const part of [
      `production was backed up as ${file}. The database does not roll back with the image.`,
      'Not ric: delivery.yaml has no database.backup there',
      '🟢 verified',
    ])
      expect(summary).toContain(part);
    expect((await stage.ledger(after)).filter(({ event }) => event === 'backed-up')).toMatchObject([
      { verdict: 'success', project: 'production', reason: file, build: 268, by: 'ada' },
    ]);
  });

  it('waits for the end of one that is under way, and then makes its own', async () => {
    await stage.released();
    const other = { namespace: 'production', name: 'scheduled', uid: 'scheduled' };
    stage.jobs.putJob(newJob({ ...other, ownerUid: 'CronJob-production-db-backup', active: 1 }));
    const running = stage.start(asked);
    await stage.clock.advance(60_000);
    expect([stage.backups(), writes()]).toEqual([[], []]);
    stage.jobs.removeJob(other);
    expect(await stage.clock.passUntil(running, 600_000)).toMatchObject({ result: 'success' });
    expect(variablesOfJobs(stage.jobs)[0]).toMatchObject({ BACKUP_TYPE: 'manual' });
  });

  it('is refused when no project that is reached has a backup', async () => {
    await stage.released();
    stage.isBackedUp = false;
    const outcome = await stage.run(asked);
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('there is nothing to back up'),
    });
    expect(writes()).toEqual([]);
    stage.isBackedUp = true;
    expect(await stage.run({ ...asked, project: ['ric'] })).toMatchObject({ result: 'failure' });
  });

  it('in a dry run says so, and makes none', async () => {
    await stage.released();
    const outcome = await stage.run({ ...asked, 'dry-run': true });
    expect(outcome.reason).toContain(
      'would become stable (forward), after a backup of production. Nothing was changed.',
    );
    expect(stage.backups()).toEqual([]);
  });

  it('makes none when a project would not take the build', async () => {
    const { before } = await stage.released();
    stage.running('ric', reference(before), { paused: true });
    expect(await stage.run(asked)).toMatchObject({ result: 'failure', reason: expect.stringContaining('paused') });
    expect(stage.backups()).toEqual([]);
  });

  it('is yellow in the end when the backup has an alarm', async () => {
    const { after } = await stage.released();
    stage.backs = () => backupMadeAt(stage.clock.now(), { alarms: ['table viewer_target has 90 % fewer rows'] });
    const outcome = await stage.run(asked);
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('90 % fewer rows') });
    expect(stage.stable()).toBe(after);
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(after)));
  });

  it('can be asked for by a call, which cannot turn it off', async () => {
    await stage.released();
    const call = payload.read(JSON.stringify({ build: '268', version: '2026.08.3', 'backup-first': true }));
    if (!('value' in call)) throw new Error(call.problem);
    const given = { build: undefined, version: undefined, payload: call.value } as const;
    expect(await stage.run({ ...given, 'backup-first': 'false' })).toMatchObject({ result: 'success' });
    expect(stage.backups()).toEqual(['production']);
    expect(payload.read('{"build": "268", "backup-first": false}')).toMatchObject({
      problem: expect.stringContaining('backup-first'),
    });
  });
});

describe('nothing is written and no project is touched', () => {
  const now = () => stage.clock.now();
  it.each<[string, () => ReturnType<Stage['backs']>]>([
    ['the backup failed', () => backupMadeAt(now(), { verdict: 'failed', cause: 'dump-failed', manifest: null })],
    ['its copy off site failed', () => backupMadeAt(now(), { verdict: 'failed', cause: 'off-site' })],
    ['it says that nothing was due', () => backupMadeAt(now(), { verdict: 'skipped', manifest: null })],
    ['it says verified and has no manifest', () => backupMadeAt(now(), { manifest: null })],
    ['it has no report', () => ({ exitCode: 0, lines: [], message: '' })],
    ['it was killed', () => ({ exitCode: 137, lines: [], message: '' })],
    ['it exits with 1 and reports success', () => ({ ...runOf(backupMadeAt(now())), exitCode: 1 })],
    ['it does not end', () => 'runs'],
  ])('when %s', async (_, end) => {
    const { before } = await stage.released();
    stage.backs = end;
    const outcome = await stage.run(asked);
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('is not promoted, for want of a verified backup: production:'),
      next: expect.stringContaining('Neither stable nor a project was changed'),
    });
    expect(writes()).toEqual([]);
    expect(stage.stable()).toBe(before);
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(before)));
  });

  it('when there is no CronJob, or the cluster is away', async () => {
    await stage.released();
    stage.jobs.fail(new RemoteError('cluster', 'connection refused', { retryable: true }));
    expect((await stage.run(asked)).reason).toContain('connection refused');
    stage.jobs.fail(undefined);
    stage.jobs.removeCronJob({ namespace: 'production', name: 'db-backup' });
    expect((await stage.run(asked)).reason).toContain('no CronJob db-backup');
    expect(writes()).toEqual([]);
  });

  it('when the run is cancelled meanwhile: its Job is ended', async () => {
    await stage.released();
    stage.backs = () => 'runs';
    const running = stage.start(asked);
    await stage.clock.advance(10_000);
    stage.cancel.abort(new CancelledError('a test'));
    expect(await stage.clock.passUntil(running, 60_000)).toMatchObject({ result: 'failure' });
    expect(writes()).toEqual([]);
    expect(stage.jobs.job('production', 'db-backup')).toBeUndefined();
  });
});

import { backupManifest, backupReport, inventoryEntry } from '@delivery/testing/program-report';
import { beginProgram, runOf } from '@delivery/testing/program-run';
import { newJob } from '@delivery/testing/fake-jobs';
import { RemoteError } from '@delivery/core/errors/errors';
import { project, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => (stage = new Stage()));

const skipped = { verdict: 'skipped', manifest: null, tiers: [], sentence: 'nothing is due' } as const;

describe('a backup', () => {
  it('is made by a Job of the CronJob that is told what delivery.yaml says', async () => {
    const end = await stage.run({ tier: 'manual', 'max-age': 90_500 }, { maxShrink: 35 });
    expect(end).toMatchObject({ verdict: 'success', file: backupManifest().file, next: '' });
    const [creation] = stage.jobs.creations;
    expect(creation?.job).toMatchObject({
      name: 'db-backup',
      images: {},
      env: {
        program: {
          BACKUP_TYPE: 'manual',
          BACKUP_KEEP: 'hourly=24,daily=6,weekly=3,monthly=11,manual=5',
          BACKUP_MAX_AGE: '91',
          BACKUP_MAX_SHRINK: '35',
          BACKUP_OFFSITE: 'required',
        },
      },
      labels: { 'delivery.actions/cron-job': 'db-backup', 'delivery.actions/run-id': '7001' },
    });
  });

  it('has no copy anywhere else where delivery.yaml does not say so', async () => {
    stage.reports('production', backupReport({ offSite: { state: 'none', said: '' } }));
    expect(await stage.run({}, { offSite: false })).toMatchObject({ verdict: 'success' });
    expect(stage.jobs.creations[0]?.job.env?.['program']).toMatchObject({ BACKUP_OFFSITE: 'none' });
  });

  it('shows what the program prints for people, and not its report', async () => {
    await stage.run();
    expect(stage.printed).toContain('the program begins');
    expect(stage.printed).not.toContain('@report');
  });

  it('that was not due is skipped, and has no file', async () => {
    stage.reports('production', backupReport(skipped));
    expect(await stage.run()).toMatchObject({ verdict: 'skipped', file: '', sentence: 'nothing is due' });
  });

  it('is a failure when the program says so, with the inventory all the same', async () => {
    const report = backupReport({ verdict: 'failed', manifest: null, cause: 'dump-failed', sentence: 'no way' });
    stage.reports('production', report);
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'failure', cause: 'dump-failed', file: '', sentence: 'no way', report });
    expect(end.blocks[0]).toMatchObject({
      kind: 'table',
      head: expect.arrayContaining(['Backups of production']) as [],
    });
  });

  it('is judged by the age that this run allows, else by that of delivery.yaml', async () => {
    stage.reports(
      'production',
      backupReport({ ...skipped, inventory: [inventoryEntry({ at: '2026-09-15T14:00:00Z' })] }),
    );
    expect(await stage.run()).toMatchObject({ verdict: 'skipped' });
    expect(await stage.run({ 'max-age': 3_600_000 })).toMatchObject({ verdict: 'failure', cause: 'too-old' });
  });

  it('is only planned in a dry run', async () => {
    expect(await stage.run({ 'dry-run': true })).toMatchObject({ verdict: 'success', file: '', report: undefined });
    expect(stage.jobs.creations).toEqual([]);
  });

  it('is not known yet when only its start was waited for', async () => {
    stage.conducts.set('production', (job) => beginProgram(stage.jobs, job));
    const end = await stage.run({ wait: 'start' });
    expect(end).toMatchObject({ verdict: 'success', file: '', next: 'Whether it becomes a backup is not known yet.' });
  });
});

describe('a report that is not to be believed is a failure', () => {
  const { lines, message } = runOf(backupReport());

  it.each([
    ['missing', { lines: ['done'] }, 'no-report', 'its report is missing from the log'],
    ['cut off', { lines: lines.slice(0, 1), exitCode: 0 }, 'no-report', 'missing'],
    ['twice there', { lines: [...lines, ...lines] }, 'no-report', 'out of order'],
    ['changed', { lines: lines.map((line) => line.replace('"bytes":9', '"bytes":8')) }, 'no-report', 'digests differ'],
    ['without its digest', { message: '' }, 'no-report', 'the termination message is empty'],
    ['of another end', { message: message.replace('verified', 'skipped') }, 'no-report', 'says something else'],
    ['good, of a program that failed', { exitCode: 1, reason: 'Error' }, 'exit-code', 'is not how it ended (Failed)'],
    ['good, of a program that was killed', { exitCode: 137, reason: 'OOMKilled' }, 'out-of-memory', 'more memory'],
  ])('%s', async (_, over, cause, sentence) => {
    stage.reports('production', backupReport(), over);
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'failure', cause, file: '', report: undefined });
    expect(end.sentence).toContain(sentence);
    expect(end.next).not.toBe('');
  });

  it('bad, of a program that ended well', async () => {
    const report = backupReport({ verdict: 'failed', cause: 'dump-failed' });
    stage.reports('production', report, { exitCode: 0, reason: 'Completed' });
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'failure', cause: 'no-report', file: '' });
    expect(end.sentence).toContain('says failed, which is not how it ended (Complete)');
  });

  it('and the termination message is told as a sentence, not as it stands', async () => {
    const report = backupReport({ verdict: 'failed', cause: 'disk-full', sentence: 'the volume is full' });
    stage.reports('production', report, { lines: [] });
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'failure', cause: 'exit-code' });
    expect(end.sentence).toContain('it said: the volume is full; its report is missing');
    expect(end.sentence).not.toContain('sha256');
  });

  it('of a program that was ended from outside: the cluster knows why', async () => {
    const report = backupReport({ verdict: 'failed', manifest: null, cause: 'cancelled', sentence: 'cancelled' });
    stage.conducts.set('production', (job) => {
      stage.end(job, report);
      const failed = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: '' } as const;
      stage.jobs.putJob({ ...job, conditions: [failed] });
    });
    expect(await stage.run()).toMatchObject({ verdict: 'failure', cause: 'deadline' });
  });
});

describe('a hostile report', () => {
  it('is shown as text, and its report lines not at all', async () => {
    const sentence = '::error::x\n##[add-mask]y \u001b[2J';
    stage.reports('production', backupReport({ sentence, alarms: ['::stop-commands::z'] }));
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'unstable' });
    // Only the log and the summary, which make it harmless, ever get it: see runner-log and markdown.
    expect(stage.log.of('outside').join('\n')).not.toContain('::');
  });

  it('of 4 MiB is read, and a longer one is refused', async () => {
    const alarms = Array.from({ length: 1_000 }, () => 'x'.repeat(4_000));
    stage.reports('production', backupReport({ alarms }));
    expect((await stage.run()).report?.alarms).toHaveLength(1_000);
    stage.reports('production', backupReport({ alarms: [...alarms, ...alarms] }));
    expect(await stage.run()).toMatchObject({ cause: 'no-report', report: undefined });
  });
});

describe('a Job of the CronJob that runs already', () => {
  /** Made by the cluster's own schedule. */
  const scheduled = () => {
    const job = newJob({ namespace: 'production', name: 'db-backup-29123', ownerUid: 'CronJob-production-db-backup' });
    const there = stage.jobs.putJob(job);
    beginProgram(stage.jobs, there);
    return there;
  };

  it('is waited for', async () => {
    const other = scheduled();
    const ends = stage.start();
    await stage.clock.passUntil(stage.clock.sleep(60_000, stage.cancel.signal), 60_000);
    expect(stage.jobs.creations).toEqual([]);
    stage.end(other);
    expect(await stage.clock.passUntil(ends, 3_600_000)).toMatchObject([{ verdict: 'success' }]);
    expect(stage.jobs.job('production', other.name)).toMatchObject({ uid: other.uid });
  });

  it('that does not end in time is left alone, and is a failure', async () => {
    const other = scheduled();
    expect(await stage.run({ timeout: 60_000 })).toMatchObject({ verdict: 'failure', cause: 'blocked' });
    expect(stage.jobs.job('production', other.name)).toMatchObject({ uid: other.uid });
    expect(stage.jobs.creations).toEqual([]);
  });

  it('is a failure at once when that was asked for', async () => {
    scheduled();
    const end = await stage.run({ 'on-running': 'fail' });
    expect(end).toMatchObject({ verdict: 'failure', cause: 'blocked' });
    expect(end.next).toContain('Run this again when it has ended.');
  });

  it('and has ended stays where it is: its history is the CronJob’s', async () => {
    const other = scheduled();
    stage.end(other);
    expect(await stage.run()).toMatchObject({ verdict: 'success' });
    expect(stage.jobs.space('production').jobs.map(({ name }) => name)).toEqual(['db-backup-29123', 'db-backup']);
  });

  it('that an earlier step of this run has made does not count as this one’s once it has ended', async () => {
    await stage.run();
    await stage.run();
    expect(stage.jobs.creations).toHaveLength(2);
  });

  it('is followed when it is this run’s own, and asks for the same', async () => {
    stage.jobs.onCreate = (job) => {
      beginProgram(stage.jobs, job);
      throw new RemoteError('cluster', 'the answer was lost', { status: 409, retryable: false });
    };
    const ends = stage.start();
    await stage.clock.passUntil(stage.clock.sleep(10_000, stage.cancel.signal), 10_000);
    const own = stage.jobs.job('production', 'db-backup')!;
    stage.end(own);
    expect(await stage.clock.passUntil(ends, 60_000)).toMatchObject([{ verdict: 'success' }]);
    expect(stage.jobs.creations).toHaveLength(1);
  });
});

describe('trouble around the Job', () => {
  it('that its CronJob is missing names the field of delivery.yaml', async () => {
    stage.jobs.removeCronJob({ namespace: 'production', name: 'db-backup' });
    const end = await stage.run();
    expect(end).toMatchObject({ verdict: 'failure', cause: 'cronjob-missing' });
    expect(end.next).toContain('`database`');
  });

  it('that it runs longer than its time is a failure, and leaves it alone', async () => {
    stage.conducts.set('production', (job) => beginProgram(stage.jobs, job));
    expect(await stage.run({ timeout: 60_000 })).toMatchObject({ verdict: 'failure', cause: 'timeout' });
    expect(stage.jobs.job('production', 'db-backup')).toBeDefined();
  });

  it('that somebody deleted it is a failure', async () => {
    stage.conducts.set('production', (job) => beginProgram(stage.jobs, job));
    const ends = stage.start();
    await stage.clock.passUntil(stage.clock.sleep(10_000, stage.cancel.signal), 10_000);
    stage.jobs.removeJob({ namespace: 'production', name: 'db-backup' });
    const [end] = await stage.clock.passUntil(ends, 3_600_000);
    expect(end).toMatchObject({ verdict: 'failure', cause: 'removed' });
  });

  it('that the run is cancelled ends the Job, since the program leaves nothing half made', async () => {
    stage.conducts.set('production', (job) => {
      beginProgram(stage.jobs, job);
      stage.cancel.abort(new Error('cancelled'));
    });
    const [end] = await stage.start();
    expect(end).toMatchObject({ verdict: 'failure', cause: 'cancelled', file: '' });
    expect(stage.jobs.space('production').jobs).toEqual([]);
  });

  it('in one project does not hold up another', async () => {
    stage.jobs.fail(new RemoteError('cluster', 'forbidden', { status: 403, retryable: false }), 'test');
    const ends = await stage.clock.passUntil(stage.start({}, [project('test'), project('production')]), 3_600_000);
    expect(ends.map(({ verdict, cause }) => [verdict, cause])).toEqual([
      ['failure', 'cluster'],
      ['success', ''],
    ]);
    expect(stage.printed).toContain('[production] the program begins');
  });
});

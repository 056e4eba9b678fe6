import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { newJob } from '@delivery/testing/fake-jobs';
import { variablesOfJobs } from '@delivery/testing/fake-program';
import { runOf } from '@delivery/testing/program-run';
import { comparedTable, restoreReport, someBackup } from '@delivery/testing/restore-report';
import { named, Stage, withPage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const notKnown = "whether staging's database was replaced is not known: look before bringing the web back";
const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);
describe('a restore', () => {
  it('brings the newest backup of production, masked, into staging, and shows that every table is equal', async () => {
    const outcome = await stage.run();
    expect(outcome).toMatchObject({
      result: 'success',
      reason: `${someBackup} of production (1 h old) is in staging: 2 tables, 43 rows, all equal, 2 columns masked.`,
      outputs: { result: 'success', backup: someBackup, tables: 2, mismatches: [] },
    });
    expect(stage.made()).toEqual(['staging/db-restore latest']);
    expect(variablesOfJobs(stage.jobs)[0]).toEqual({
      ...{ RESTORE_FROM: 'production', RESTORE_BACKUP: 'latest', RESTORE_DRILL: 'false' },
      RESTORE_MASK: '{"auth_user":{"email":"nobody@example.org","last_name":null}}',
    });
    for (const part of [someBackup, '2 of 2', 'auth_user.email', 'What staging needs now', 'MariaDB 10.11.19'])
      expect(summaryOf(outcome)).toContain(part);
  });

  it('needs to read no CronJob but its own, where nothing is backed up before', async () => {
    const others = { apiGroups: ['batch', ''], resources: ['jobs', 'pods', 'pods/log', 'events'], verbs: ['*'] };
    const reads = { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'] };
    stage.permissions.allowOnly('staging', [others, { ...reads, resourceNames: ['db-backup'] }]);
    await expect(stage.run()).rejects.toThrow(/: cronjobs \(batch\) db-restore: get$/);
    stage.permissions.allowOnly('staging', [others, { ...reads, resourceNames: ['db-restore'] }]);
    expect(await stage.run()).toMatchObject({ result: 'success' });
  });

  it('is of the backup that is named', async () => {
    stage.inventory = [];
    await stage.run({ backup: named });
    expect(stage.made()).toEqual([`staging/db-restore ${someBackup}`]);
  });

  it('asks the pages of the project: a wrong one makes it yellow, since the database is right', async () => {
    stage.topology = withPage;
    expect((await stage.run()).result).toBe('success');
    stage.page = () => ({ status: 500, body: 'relation does not exist' });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'unstable', outputs: { backup: someBackup } });
    expect(outcome.reason).toContain('a page of staging is not right: https://staging.example.org/ answered 500');
  });

  it('is yellow when the newest backup is older than it may be, but not when an old one was named', async () => {
    const old = 'backup-2026-09-14T14:05:00Z-fragalysis.sql.zst';
    stage.restores = (variables) => ({ ...restoreReport({ backup: old }), masked: restoredMasks(variables) });
    expect((await stage.run()).reason).toContain('the newest backup is 25 h old, more than 3 h');
    expect(await stage.run({ backup: { kind: 'named', file: old } })).toMatchObject({ result: 'success' });
  });

  it('is yellow when it could not be compared as a whole', async () => {
    stage.restores = (variables) => ({
      ...restoreReport({ verdict: 'unproven', sentence: 'no checksums' }),
      ...{ tables: [comparedTable({ verdict: 'not-compared' })], masked: restoredMasks(variables) },
    });
    expect(await stage.run()).toMatchObject({
      result: 'unstable',
      reason: expect.stringContaining('0 of them equal, 2 columns masked; but not everything could be compared'),
    });
  });

  it('is red with the cause when it failed, and no page is asked', async () => {
    stage.topology = withPage;
    stage.page = () => {
      throw new Error('asked');
    };
    const said = {
      sentence: 'column auth_user.email does not exist',
      cause: 'mask-missing',
      next: 'Correct the mask.',
    };
    stage.restores = () => restoreReport({ verdict: 'failed', ...said, backup: someBackup });
    expect(await stage.run()).toMatchObject({
      result: 'failure',
      reason:
        'The restore of the newest backup of production in staging failed: column auth_user.email does not exist (mask-missing).',
      next: 'Correct the mask.',
    });
  });

  it('is red when the report says equal and shows a mismatch', async () => {
    const mismatches = Array.from({ length: 300 }, (_, at) => `view v${at} is missing`);
    stage.restores = (variables) => ({ ...restoreReport({ mismatches }), masked: restoredMasks(variables) });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('300 mismatches, the first') });
    expect(outcome.outputs.mismatches).toHaveLength(100);
  });

  it.each([
    ['has no report', { exitCode: 0, lines: ['all is well'], message: '' }],
    [
      'has a report that was changed on the way',
      { ...runOf(restoreReport()), message: runOf(restoreReport({ drill: true })).message },
    ],
    ['failed with a report of success', { ...runOf(restoreReport()), exitCode: 1 }],
    [
      'was about something else',
      runOf({ ...restoreReport(), ...{ command: 'list', verdict: 'listed', inventory: [] } } as never),
    ],
  ])('is red when its Job %s, and says that the database may have been replaced', async (_, end) => {
    stage.restores = () => end;
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', outputs: {} });
    expect(outcome.reason).toContain(notKnown);
    expect((await stage.run({ drill: true })).reason).not.toContain('was replaced');
  });

  it('that does not end in time says that the database may have been replaced', async () => {
    stage.restores = () => 'runs';
    const { reason } = await stage.run({ timeout: 60_000 });
    expect(reason).toContain('did not end within 60 s');
    expect(reason).toContain(notKnown);
  });

  it('is red where there is no CronJob to make a Job from, or no cluster', async () => {
    stage.jobs.removeCronJob({ namespace: 'staging', name: 'db-restore' });
    const { reason } = await stage.run();
    expect(reason).toContain('(cronjob-missing)');
    stage.jobs.fail(new RemoteError('cluster', 'connection refused', { retryable: true }));
    const unreached = await stage.run();
    expect(unreached.reason).toContain('connection refused');
    expect(reason + unreached.reason).not.toContain('was replaced');
  });

  it('is never made beside another one: that is waited for, or it is red at once', async () => {
    const other = { namespace: 'staging', name: 'by-hand', uid: 'by-hand', ownerUid: 'CronJob-staging-db-restore' };
    stage.jobs.putJob(newJob({ ...other, active: 1 }));
    const outcome = await stage.run({ 'on-running': 'fail' });
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('Job staging/by-hand') });
    expect(outcome.reason).not.toContain('was replaced');
    expect(stage.made()).toEqual([]);
    const waiting = stage.start();
    await stage.clock.advance(60_000);
    expect(stage.made()).toEqual([]);
    stage.jobs.removeJob(other);
    expect(await stage.clock.passUntil(waiting, 60_000)).toMatchObject({ result: 'success' });
  });

  it('goes on with its own Job when the workflow is run again', async () => {
    stage.restores = () => 'runs';
    void stage.start().catch(() => undefined);
    await stage.clock.advance(10_000);
    const job = stage.jobs.job('staging', 'db-restore')!;
    stage.runAttempt = 2;
    const again = stage.start();
    await stage.clock.advance(10_000);
    expect(stage.made()).toHaveLength(1);
    stage.end(job, stage.restored(variablesOfJobs(stage.jobs)[0]!));
    expect(await stage.clock.passUntil(again, 60_000)).toMatchObject({ result: 'success' });
  });
});

describe('a run that is cancelled', () => {
  it('ends its Job, and says that the database may have been replaced', async () => {
    stage.restores = () => 'runs';
    const running = stage.start();
    await stage.clock.advance(10_000);
    stage.cancel.abort(new CancelledError('a test'));
    const outcome = await stage.clock.passUntil(running, 60_000);
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('the run was cancelled') });
    expect(outcome.reason).toContain(notKnown);
    expect(stage.jobs.job('staging', 'db-restore')).toBeUndefined();
  });
});

function restoredMasks(variables: Parameters<Stage['restored']>[0]): readonly string[] {
  const report = stage.restored(variables);
  return report.command === 'restore' ? report.masked : [];
}

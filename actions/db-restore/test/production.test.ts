import { variablesOfJobs } from '@delivery/testing/fake-program';
import { backupFileAt, backupMadeAt } from '@delivery/testing/backup-made';
import { inventoryEntry } from '@delivery/testing/program-report';
import { restoreReport, someBackup } from '@delivery/testing/restore-report';
import { intoProduction, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('a restore into production', () => {
  it('looks whether the backup is there, saves what production has, and restores without masks', async () => {
    const outcome = await stage.run(intoProduction);
    expect(outcome).toMatchObject({ result: 'success', reason: expect.stringContaining('is in production: 2 tables') });
    expect(stage.made()).toEqual([
      'production/db-restore list',
      'production/db-backup manual',
      `production/db-restore ${someBackup}`,
    ]);
    expect(variablesOfJobs(stage.jobs).at(-1)).toMatchObject({ RESTORE_MASK: '', RESTORE_DRILL: 'false' });
    expect(summaryOf(outcome)).toContain('Backups of production');
  });

  it('lets every tier keep one more while it saves, so that the backup it restores is not pushed out', async () => {
    await stage.run(intoProduction);
    expect(variablesOfJobs(stage.jobs)[1]).toMatchObject({
      BACKUP_KEEP: 'hourly=25,daily=7,weekly=4,monthly=12,manual=6',
    });
  });

  it.each(['', 'prod', 'Production'])('is refused with confirm %j, and no Job is made', async (confirm) => {
    const outcome = await stage.run({ ...intoProduction, confirm });
    expect(outcome).toMatchObject({ result: 'failure', next: expect.stringContaining('confirm: production') });
    expect(stage.jobs.calls).toEqual([]);
  });

  it('is not made of a backup that is not there, or is none, and nothing is backed up', async () => {
    stage.inventory = [];
    expect((await stage.run(intoProduction)).reason).toContain(`${someBackup} of production is not there`);
    stage.inventory = [inventoryEntry({ name: someBackup, trouble: 'its digest is another one' })];
    expect((await stage.run(intoProduction)).reason).toContain('is no backup: its digest is another one');
    expect(stage.made()).toEqual(['production/db-restore list', 'production/db-restore list']);
  });

  it('is made of a backup of the present hour: the one that is made first is manual and takes no hour', async () => {
    await stage.clock.advance(40 * 60_000);
    const file = 'backup-2026-09-15T16:05:00Z-fragalysis.sql.zst';
    stage.inventory = [inventoryEntry({ name: file, at: '2026-09-15T16:05:00Z' })];
    expect(await stage.run({ ...intoProduction, backup: { kind: 'named', file } })).toMatchObject({
      result: 'success',
    });
  });

  it('is not made of a backup that goes with the next run, since more are there than the topology keeps', async () => {
    const at = (hour: number) => new Date(Date.UTC(2026, 8, 10, 0, 5) + hour * 3_600_000).toISOString();
    const entries = Array.from({ length: 60 }, (_, hour) => inventoryEntry({ name: `backup-${hour}`, at: at(hour) }));
    const named = inventoryEntry({ name: someBackup, at: at(20.5) });
    stage.inventory = [...entries, named];
    const refused = await stage.run(intoProduction);
    expect(refused.reason).toContain('`keep` of the topology keeps fewer than there are');
    expect(refused.next).toContain('Stop the schedule of the backups first (docs/db-restore.md, step 1)');
    expect(stage.made()).toEqual(['production/db-restore list']);
  });

  it('is not made when what production has cannot be saved', async () => {
    const failed = { verdict: 'failed', cause: 'disk-full', sentence: 'the volume is full', manifest: null } as const;
    stage.backs = () => backupMadeAt(stage.clock.now(), failed);
    expect(await stage.run(intoProduction)).toMatchObject({
      ...{ result: 'failure' },
      reason: 'Nothing was restored: the backup of production before: the volume is full (disk-full).',
    });
    expect(stage.made().at(-1)).toBe('production/db-backup manual');
  });

  it('is not made when the backup has no report, or its copy off site failed', async () => {
    stage.backs = () => ({ exitCode: 0, lines: [], message: '' });
    expect((await stage.run(intoProduction)).reason).toContain('(no-report)');
    stage.backs = () =>
      backupMadeAt(stage.clock.now(), { verdict: 'failed', cause: 'off-site', sentence: 'host key unknown' });
    expect((await stage.run(intoProduction)).reason).toContain('(off-site)');
    expect(stage.made().filter((job) => job.endsWith(someBackup))).toEqual([]);
  });

  it('is made, and yellow, when the backup has an alarm: data that is gone is why one restores', async () => {
    stage.backs = () => backupMadeAt(stage.clock.now(), { alarms: ['table viewer_target has 90 % fewer rows'] });
    const outcome = await stage.run(intoProduction);
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('is in production') });
    expect(outcome.reason).toContain('90 % fewer rows');
  });

  it('that fails says where what production had before is', async () => {
    stage.restores = (variables) =>
      variables['RESTORE_BACKUP'] === 'list'
        ? stage.restored(variables)
        : restoreReport({ verdict: 'failed', sentence: 'table x differs', cause: 'different' });
    const at = stage.clock.now();
    const outcome = await stage.run(intoProduction);
    expect(outcome).toMatchObject({ result: 'failure' });
    const [file] = /backup-\S+zst/.exec(outcome.next ?? '') ?? [];
    expect(file?.slice(0, 23)).toBe(backupFileAt(at).slice(0, 23));
    expect(outcome.next).toContain('What production had before is in');
  });

  it('in a dry run makes no Job, and says what would be done', async () => {
    const outcome = await stage.run({ ...intoProduction, 'dry-run': true });
    expect(outcome).toMatchObject({
      result: 'success',
      reason: expect.stringContaining('production would be backed up, then'),
    });
    expect(stage.jobs.creations).toEqual([]);
  });

  it('is refused in a dry run as well', async () => {
    expect(await stage.run({ project: 'production', 'dry-run': true })).toMatchObject({ result: 'failure' });
  });
});

import { variablesOfJobs } from '@delivery/testing/fake-program';
import { inventoryEntry } from '@delivery/testing/program-report';
import { someBackup } from '@delivery/testing/restore-report';
import { Stage, withPage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('a dry run', () => {
  it('says what would be done and makes no Job', async () => {
    expect(await stage.run({ 'dry-run': true })).toMatchObject({
      result: 'success',
      reason: expect.stringContaining('Dry run: the newest backup of production would replace the database of staging'),
    });
    expect(stage.jobs.creations).toEqual([]);
  });
});

describe('a drill', () => {
  it('says that the newest backup can be restored, and asks no page', async () => {
    stage.topology = withPage;
    stage.page = () => {
      throw new Error('asked');
    };
    const outcome = await stage.run({ drill: true });
    expect(outcome).toMatchObject({
      result: 'success',
      reason: expect.stringContaining('can be restored (drill on the server of staging)'),
    });
    expect(variablesOfJobs(stage.jobs)[0]).toMatchObject({ RESTORE_DRILL: 'true' });
    expect(summaryOf(outcome)).not.toContain('needs now');
  });

  it('on the server of production is refused, and no Job is made', async () => {
    expect(await stage.run({ drill: true, project: 'production', confirm: 'production' })).toMatchObject({
      result: 'failure',
    });
    expect(stage.jobs.calls).toEqual([]);
  });
});

describe('a list', () => {
  const list = { backup: { kind: 'list' } } as const;

  it('shows what is there, with what is no backup', async () => {
    stage.inventory = [...stage.inventory, inventoryEntry({ name: 'backup-x.sql.gz', trouble: 'it is truncated' })];
    const outcome = await stage.run(list);
    expect(outcome).toMatchObject({
      ...{ result: 'success', reason: `production has 1 backups, the newest ${someBackup}.` },
      outputs: { inventory: [{ name: someBackup }, { trouble: 'it is truncated' }] },
    });
    expect(summaryOf(outcome)).toContain('🔴 it is truncated');
  });

  it('of production needs no confirmation', async () => {
    expect(await stage.run({ ...list, project: 'production' })).toMatchObject({ result: 'success' });
  });

  it('is yellow when there is nothing that could be restored', async () => {
    stage.inventory = [inventoryEntry({ trouble: 'it is truncated' })];
    expect(await stage.run(list)).toMatchObject({ result: 'unstable', reason: expect.stringContaining('no backup') });
    stage.inventory = [];
    expect(await stage.run(list)).toMatchObject({ result: 'unstable' });
  });

  it('is red when it cannot be read', async () => {
    stage.restores = () =>
      ({ ...stage.restored({ RESTORE_BACKUP: 'list' }), verdict: 'failed', sentence: 'no folder production' }) as never;
    expect(await stage.run(list)).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('no folder production'),
    });
  });
});

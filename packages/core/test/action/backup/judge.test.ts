import type { Asked } from '@delivery/core/action/backup/judge';
import { judgeBackup, verifiedFile } from '@delivery/core/action/backup/judge';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import { backupManifest, backupReport, inventoryEntry } from '@delivery/testing/program-report';

const hour = 3_600_000;
const asked: Asked = { tier: 'auto', maxAgeMs: 3 * hour, offSite: true, now: new Date('2026-09-15T16:00:00Z') };
const judge = (over: Partial<Parameters<typeof backupReport>[0]> = {}, given: Partial<Asked> = {}) =>
  judgeBackup(backupReport(over), { ...asked, ...given });
const skipped = { verdict: 'skipped', manifest: null, tiers: [], offSite: { state: 'sent', said: '' } } as const;
const { name } = inventoryEntry();

describe('a backup', () => {
  it('is a success when the report says so and contradicts neither itself nor what was asked', () => {
    expect(judge()).toEqual({ verdict: 'success', cause: '', sentence: `${name} is verified`, next: '' });
    expect(judge({ offSite: { state: 'none', said: '' } }, { offSite: false })).toMatchObject({ verdict: 'success' });
  });

  it('that was not due is skipped', () => {
    expect(judge(skipped)).toMatchObject({ verdict: 'skipped', cause: '' });
    const none = { ...skipped, offSite: { state: 'none', said: '' } } as const;
    expect(judge(none, { offSite: false })).toMatchObject({ verdict: 'skipped' });
  });

  it('that was not due is a failure when the copy of what is there failed, or was demanded and not tried', () => {
    const failed = { ...skipped, offSite: { state: 'failed', said: 'the disk there is full' } } as const;
    expect(judge(failed)).toMatchObject({ verdict: 'failure', cause: 'off-site' });
    const notTried = { ...skipped, offSite: { state: 'not-tried', said: 'nothing was due' } } as const;
    expect(judge(notTried)).toMatchObject({ verdict: 'failure', cause: 'off-site' });
    expect(judge(notTried, { offSite: false })).toMatchObject({ verdict: 'skipped' });
  });

  it('that failed has the cause, the sentence and the advice of the program', () => {
    const given = { verdict: 'failed', manifest: null, cause: 'disk-full', sentence: 'the volume is full' } as const;
    expect(judge({ ...given, next: 'Make room.' })).toEqual({
      ...{ verdict: 'failure', cause: 'disk-full', sentence: 'the volume is full', next: 'Make room.' },
    });
    expect(judge({ ...given, cause: '' })).toMatchObject({
      cause: 'failed',
      next: expect.stringContaining('again') as string,
    });
  });

  it('whose copy off site failed is a failure, though it stays', () => {
    const report = backupReport({ verdict: 'failed', cause: 'off-site', sentence: 'rsync was cut off' });
    expect(judgeBackup(report, asked)).toMatchObject({
      ...{ verdict: 'failure', cause: 'off-site' },
      sentence: `rsync was cut off; ${name} itself is verified and stays`,
    });
    expect(verifiedFile(report)).toBe(name);
  });

  it('with alarms is unstable, and the first three are told', () => {
    expect(judge({ alarms: ['a shrank'] })).toMatchObject({
      verdict: 'unstable',
      sentence: `${name} is verified; a shrank`,
    });
    const { sentence } = judge({ alarms: ['a', 'b', 'c', 'd'] });
    expect(sentence).toBe(`${name} is verified; 4 alarms: a; b; c`);
    expect(judge({ ...skipped, alarms: ['one is damaged'] })).toMatchObject({ verdict: 'unstable' });
  });

  it('of a database without tables is unstable', () => {
    const manifest = backupManifest({ tables: [] });
    expect(judge({ manifest })).toMatchObject({
      verdict: 'unstable',
      sentence: expect.stringContaining('fragalysis has no tables') as string,
    });
  });
});

describe('a report that says verified is a failure', () => {
  it.each<[string, Partial<ReturnType<typeof backupReport>>, RegExp]>([
    ['without a manifest', { manifest: null }, /has no manifest/],
    ['of another database', { manifest: backupManifest({ database: 'mysql' }) }, /not named after database mysql/],
    ['of a file that was found', { manifest: backupManifest({ origin: 'found' }) }, /not made by this run/],
    ['of no bytes', { manifest: backupManifest({ bytes: 0 }) }, /is empty/],
    ['of a file that is not there', { inventory: [inventoryEntry({ name: 'other' })] }, /not in the inventory/],
    ['of a file of another size', { inventory: [inventoryEntry({ bytes: 1 })] }, /not in the inventory/],
    ['of a file with trouble', { inventory: [inventoryEntry({ trouble: 'digest differs' })] }, /not in the inventory/],
  ])('%s', (_, over, sentence) => {
    expect(judge(over)).toMatchObject({
      verdict: 'failure',
      cause: 'contradiction',
      sentence: expect.stringMatching(sentence) as string,
    });
    expect(verifiedFile(backupReport(over))).toBe('');
  });

  it('with a step that failed', () => {
    const steps = [{ name: 'prune', state: 'failed', seconds: 1, said: 'permission denied' }] as const;
    expect(judge({ steps })).toMatchObject({ cause: 'step-failed', sentence: 'step prune failed: permission denied' });
  });

  it('unless the step was done at the second try', () => {
    const dump = { name: 'dump', seconds: 1, said: 'a table was altered' };
    const steps = [{ ...dump, state: 'failed' } as const, { ...dump, state: 'done' } as const];
    expect(judge({ steps })).toMatchObject({ verdict: 'success' });
    expect(judge({ steps: steps.toReversed() })).toMatchObject({ cause: 'step-failed' });
  });

  it.each<[string, Partial<ReturnType<typeof backupReport>>, Partial<Asked>, string]>([
    ['when a copy was asked for and none was sent', { offSite: { state: 'none', said: 'no host' } }, {}, 'off-site'],
    ['when a copy was asked for and not tried', { offSite: { state: 'not-tried', said: '' } }, {}, 'off-site'],
    [
      'when a copy failed though none was asked for',
      { offSite: { state: 'failed', said: '' } },
      { offSite: false },
      'off-site',
    ],
    ['when a copy was sent though none is to leave', {}, { offSite: false }, 'off-site-unwanted'],
    [
      'when one was skipped that has nowhere to send to',
      { ...skipped, offSite: { state: 'none', said: '' } },
      {},
      'off-site',
    ],
    ['when one was skipped that was asked for by hand', skipped, { tier: 'manual' }, 'contradiction'],
  ])('%s', (_, over, given, cause) => {
    expect(judge(over, given)).toMatchObject({ verdict: 'failure', cause });
  });

  it('when it is of another command', () => {
    const said = { sentence: 'done', next: '', cause: '', alarms: [], steps: [] };
    const list: ProgramReport = { ...said, command: 'list', verdict: 'listed', inventory: [] };
    expect(judgeBackup(list, asked)).toMatchObject({ verdict: 'failure', cause: 'other-report' });
  });

  it('and all that is wrong is told', () => {
    const { sentence } = judge({ manifest: null, offSite: { state: 'failed', said: '' }, inventory: [] });
    expect(sentence.split('; ')).toHaveLength(3);
  });
});

describe('the newest verified backup', () => {
  const at = (time: string, trouble = '') => inventoryEntry({ name: time, at: time, trouble });

  it('may be as old as max-age', () => {
    expect(judge({ ...skipped, inventory: [at('2026-09-15T13:00:00Z')] })).toMatchObject({ verdict: 'skipped' });
  });

  it('that is older is a failure with its age, also when nothing was due', () => {
    expect(judge({ ...skipped, inventory: [at('2026-09-15T12:59:59Z'), at('2026-09-14T08:00:00Z')] })).toMatchObject({
      verdict: 'failure',
      cause: 'too-old',
      sentence: 'the newest verified backup is 3 h 0 min old, more than 3 h 0 min',
    });
  });

  it('is not one with trouble', () => {
    const inventory = [at('2026-09-15T15:50:00Z', 'no manifest'), at('2026-09-14T08:00:00Z')];
    expect(judge({ ...skipped, inventory })).toMatchObject({ cause: 'too-old' });
    expect(judge({ ...skipped, inventory: inventory.slice(0, 1) })).toMatchObject({
      sentence: 'there is no verified backup at all',
    });
  });

  it('may be ahead of this clock by an hour; beyond it keeps others from being due, and is a failure', () => {
    expect(judge({ ...skipped, inventory: [at('2026-09-15T17:00:00Z')] })).toMatchObject({ verdict: 'skipped' });
    expect(judge({ ...skipped, inventory: [at('2027-09-15T17:00:00Z')] })).toMatchObject({ cause: 'clock' });
  });
});

import { comparedTable, restoreReport, someBackup } from '@delivery/testing/restore-report';
import type { RestoreReport } from '@delivery/core/domain/backup/report';
import { judge } from '../src/judge.ts';
import type { RestorePlan } from '../src/plan.ts';

type Asked = Pick<RestorePlan, 'backup' | 'drill' | 'mask'>;
const judged = (report: Partial<RestoreReport>, asked: Partial<Asked> = {}) =>
  judge(restoreReport(report), { backup: { kind: 'latest' }, drill: false, mask: {}, ...asked });

describe('a report is a proof', () => {
  it('when every table is equal', () => {
    expect(judged({})).toMatchObject({ result: 'success', sentence: '' });
  });

  it('of the very backup, drill and masks that were asked for', () => {
    const asked = {
      backup: { kind: 'named', file: someBackup },
      drill: true,
      mask: { auth_user: { email: '', name: null } },
    } as const;
    expect(judged({ drill: true, masked: ['auth_user.name', 'auth_user.email'] }, asked).result).toBe('success');
  });
});

describe('a report is no proof', () => {
  it.each<[string, Partial<RestoreReport>, Partial<Asked>]>([
    ['without a table', { tables: [] }, {}],
    ['with a mismatch', { mismatches: ['view v is missing'] }, {}],
    ['with a table that is different', { tables: [comparedTable({ verdict: 'different' })] }, {}],
    ['with a table that is missing', { tables: [comparedTable(), comparedTable({ verdict: 'missing' })] }, {}],
    ['with a table too many', { tables: [comparedTable(), comparedTable({ verdict: 'extra' })] }, {}],
    ['that says equal and has not compared a table', { tables: [comparedTable({ verdict: 'not-compared' })] }, {}],
    ['of another backup', {}, { backup: { kind: 'named', file: 'backup-2026-09-15T13:05:00Z-fragalysis.sql.zst' } }],
    ['of something that is no backup', { backup: 'latest' }, {}],
    ['of a drill that was not asked for', { drill: true }, {}],
    ['of a restore that was to be a drill', {}, { drill: true }],
    ['that masked nothing', {}, { mask: { auth_user: { email: '' } } }],
    ['that masked what nobody asked for', { masked: ['auth_user.email'] }, {}],
    ['that masked something else', { masked: ['auth_user.name'] }, { mask: { auth_user: { email: '' } } }],
    ['unproven with a mismatch', { verdict: 'unproven', mismatches: ['view v is missing'] }, {}],
  ])('%s', (_, report, asked) => {
    expect(judged(report, asked)).toMatchObject({ result: 'failure', sentence: expect.stringMatching(/./) });
  });

  it('that failed: its cause and what to do are told', () => {
    const said = { sentence: 'table x differs', cause: 'different', next: 'Look at it' };
    expect(judged({ verdict: 'failed', ...said })).toEqual({
      ...{ result: 'failure', sentence: 'table x differs (different)', next: 'Look at it' },
    });
  });

  it('names a few of many tables', () => {
    const tables = Array.from({ length: 500 }, (_, at) => comparedTable({ name: `t${at}`, verdict: 'missing' }));
    expect(judged({ tables }).sentence).toMatch(/^table t0 is missing.*and 495 more/);
  });
});

describe('a report is yellow', () => {
  it('when not everything could be compared', () => {
    const tables = [comparedTable({ rows: null, verdict: 'not-compared' })];
    expect(judged({ verdict: 'unproven', tables }).result).toBe('unstable');
  });

  it('when it has an alarm', () => {
    expect(judged({ alarms: ['the server is another version'] })).toMatchObject({
      ...{ result: 'unstable', sentence: 'the server is another version' },
    });
  });
});

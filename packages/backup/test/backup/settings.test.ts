import { InputError } from '@delivery/core/errors/errors';
import { readBackup } from '../../src/settings.ts';

const whole = { MSHOST: 'mysql', MSUSER: 'backup', MSPASS: 'canary', MSDATABASE: 'fragalysis' };

function problemsOf(env: Readonly<Record<string, string>>): InputError {
  try {
    readBackup(env);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

test('needs nothing but the server: the rest is as docs/backups.md says', () => {
  expect(readBackup(whole)).toEqual({
    server: { host: 'mysql', port: 3306, user: 'backup', password: 'canary', database: 'fragalysis' },
    ...{ root: '/backup', type: 'auto', compression: 'zst', maxShrink: 20, maxAgeMs: undefined, lockWaitSeconds: 600 },
    ...{ keep: { hourly: 24, daily: 6, weekly: 3, monthly: 11, manual: 5 }, prunes: false },
    ...{ offSite: undefined, dumpProgram: 'mariadb-dump' },
  });
});

test('takes an empty variable for one that is not set', () => {
  expect(readBackup({ ...whole, MSPORT: '', BACKUP_TYPE: '', BACKUP_MAX_AGE: '' })).toEqual(readBackup(whole));
});

test('reads tiers that are named, and keeps what is usual of the others', () => {
  const { keep } = readBackup({ ...whole, BACKUP_KEEP: 'hourly=1, manual=0' });
  expect(keep).toEqual({ hourly: 1, daily: 6, weekly: 3, monthly: 11, manual: 0 });
});

test('names every variable that is wrong at once, and what was expected', () => {
  const error = problemsOf({
    ...{ MSHOST: '-h', MSPORT: '70000', MSUSER: 'backup', MSPASS: 'canary', MSDATABASE: '../etc' },
    ...{ BACKUP_ROOT: 'volume', BACKUP_TYPE: 'yearly', BACKUP_KEEP: 'hourly', BACKUP_COMPRESSION: 'xz' },
    ...{ BACKUP_MAX_SHRINK: '101', BACKUP_MAX_AGE: '3h', BACKUP_LOCK_WAIT: '-1', BACKUP_DUMP_PROGRAM: '-x' },
  });
  const fields = new Set(error.problems.map(({ field }) => field));
  for (const name of ['MSPORT', 'MSDATABASE', 'BACKUP_ROOT', 'BACKUP_TYPE', 'BACKUP_KEEP', 'BACKUP_COMPRESSION']) {
    expect(fields).toContain(name);
  }
  for (const name of ['BACKUP_MAX_SHRINK', 'BACKUP_MAX_AGE', 'BACKUP_LOCK_WAIT', 'BACKUP_DUMP_PROGRAM']) {
    expect(fields).toContain(name);
  }
  expect(error.message).toContain('MSPORT: is "70000", but has to be a whole number from 1 to 65535');
});

test('removes backups only when it is told how many to keep', () => {
  expect(readBackup({ ...whole, BACKUP_KEEP: 'hourly=24' }).prunes).toBe(true);
  expect(readBackup(whole).prunes).toBe(false);
});

test('makes a backup also when the variables for copies are wrong, and tells of them afterwards', () => {
  expect(readBackup({ ...whole, BACKUP_OFFSITE: 'required' }).offSite).toBeInstanceOf(InputError);
});

test.each(['-h', '--defaults-file=/etc/passwd', 'a b', 'a;b'])('refuses %j as the name of a server', (MSHOST) => {
  expect(problemsOf({ ...whole, MSHOST }).message).toMatch(/^MSHOST: /);
});

test('refuses to keep nothing', () => {
  const BACKUP_KEEP = 'hourly=0,daily=0,weekly=0,monthly=0,manual=0';
  expect(problemsOf({ ...whole, BACKUP_KEEP }).message).toMatch(/keeps nothing/);
});

test('never repeats the password', () => {
  expect(problemsOf({ MSPASS: 'canary' }).message).not.toContain('canary');
});

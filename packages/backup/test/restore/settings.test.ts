import { InputError } from '@delivery/core/errors/errors';
import { readRestore } from '../../src/restore/settings.ts';

const env = { MSHOST: 'db', MSUSER: 'root', MSPASS: 'canary', MSDATABASE: 'fragalysis', RESTORE_FROM: 'production' };

function problems(over: Readonly<Record<string, string>>): readonly string[] {
  try {
    readRestore({ ...env, ...over });
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ field }) => field);
  }
}

test('needs little, and takes the rest as docs/backups.md says', () => {
  expect(readRestore(env)).toMatchObject({
    ...{
      sources: '/sources',
      from: 'production',
      backup: 'latest',
      drill: false,
      mask: [],
      jobs: 2,
      lockWaitSeconds: 600,
    },
    server: { host: 'db', port: 3306, database: 'fragalysis' },
  });
});

test('reads a mask in its order', () => {
  const text = '{"auth_user": {"email": "user{n}@example.org", "password": null}}';
  expect(readRestore({ ...env, RESTORE_MASK: text }).mask).toEqual([
    { table: 'auth_user', column: 'email', to: 'user{n}@example.org' },
    { table: 'auth_user', column: 'password', to: null },
  ]);
});

test.each([
  ['RESTORE_FROM', '../production'],
  ['RESTORE_FROM', 'a/b'],
  ['RESTORE_FROM', '..'],
  ['RESTORE_FROM', 'pro\0duction'],
  ['RESTORE_BACKUP', '../backup-2026-11-23T04:05:00Z-fragalysis.sql.zst'],
  ['RESTORE_BACKUP', 'backup-2026-11-23T04:05:00Z-fragalysis.sql.zst\0'],
  ['RESTORE_BACKUP', '/etc/passwd'],
  ['RESTORE_BACKUP', 'Latest'],
  ['RESTORE_DRILL', 'yes'],
  ['RESTORE_JOBS', '0'],
  ['RESTORE_JOBS', '17'],
  ['RESTORE_SOURCES', 'relative'],
  ['RESTORE_MASK', 'not JSON'],
  ['RESTORE_MASK', '{"t": "x"}'],
  ['RESTORE_MASK', '{"t": {"c": 5}}'],
  ['RESTORE_MASK', '[]'],
  ['MSDATABASE', 'mysql'],
  ['MSDATABASE', 'INFORMATION_SCHEMA'],
])('refuses %s=%j', (name, value) => {
  expect(problems({ [name]: value })).toEqual([name]);
});

test('names everything that is wrong at once', () => {
  expect(problems({ RESTORE_FROM: '', RESTORE_DRILL: 'x', RESTORE_MASK: '1' })).toEqual([
    'RESTORE_FROM',
    'RESTORE_DRILL',
    'RESTORE_MASK',
  ]);
});

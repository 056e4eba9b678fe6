import { describe, expect, test } from '@jest/globals';
import { formatBackupName, manifestName, parseBackupName } from '../../../src/domain/backup/name.ts';

const at = new Date('2026-11-23T07:05:00Z');

describe('the name of a backup', () => {
  test('says when it was made, of what, and how it is compressed', () => {
    const name = formatBackupName({ at, database: 'fragalysis', compression: 'zst' });
    expect(name).toBe('backup-2026-11-23T07:05:00Z-fragalysis.sql.zst');
    expect(parseBackupName(name)).toEqual({ at, database: 'fragalysis', compression: 'zst' });
    expect(manifestName(name)).toBe('backup-2026-11-23T07:05:00Z-fragalysis.sql.zst.json');
  });

  test("is understood as the old system wrote it, with a database's hyphens and fractions of a second", () => {
    expect(parseBackupName('backup-2026-11-23T07:05:00Z-web-db.sql.gz')).toEqual({
      at,
      database: 'web-db',
      compression: 'gz',
    });
    expect(parseBackupName('backup-2026-11-23T07:05:00.123456Z-web.sql.gz')?.at).toEqual(at);
  });

  test.each([
    'backup-2026-02-30T07:05:00Z-web.sql.gz',
    'backup-2026-11-23T24:05:00Z-web.sql.gz',
    'backup-2026-11-23T07:05:00-web.sql.gz',
    'backup-2026-11-23T07:05:00Z-.sql.gz',
    'backup-2026-11-23T07:05:00Z-../web.sql.gz',
    'backup-2026-11-23T07:05:00Z-..sql.gz',
    'backup-2026-11-23T07:05:00Z-a/b.sql.gz',
    'backup-2026-11-23T07:05:00Z-web.sql.gz\n',
    'backup-2026-11-23T07:05:00Z-web.sql.gz.json',
    'backup-2026-11-23T07:05:00Z-web.sql.bz2',
    'x/backup-2026-11-23T07:05:00Z-web.sql.gz',
    `backup-2026-11-23T07:05:00Z-${'d'.repeat(65)}.sql.gz`,
    'backup-2026-11-23T07:05:00Z-we\0b.sql.gz',
  ])('is not %j', (name) => {
    expect(parseBackupName(name)).toBeUndefined();
  });
});

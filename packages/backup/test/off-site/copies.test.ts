import { parseCopy } from '../../src/off-site/copies.ts';

const name = 'backup-2026-11-23T07:05:00Z-fragalysis.sql.zst';

test.each([
  [`hourly/${name}`, 'backup'],
  [`manual/${name}.json`, 'manifest'],
  [`daily/.rsync-partial/${name}`, 'rest'],
  [`daily/.rsync-partial/${name}.json`, 'rest'],
  [`weekly/.${name}.Ab3_x9`, 'rest'],
  [`monthly/.${name}.json.Ab3_x9`, 'rest'],
])('%s is a %s', (path, is) => {
  const [tier] = path.split('/');
  expect(parseCopy(path)).toMatchObject({ path, tier, is, backup: name, database: 'fragalysis' });
});

test.each([
  name,
  `yearly/${name}`,
  `hourly/deeper/${name}`,
  `hourly/.rsync-partial/deeper/${name}`,
  `../hourly/${name}`,
  `hourly/../${name}`,
  `/hourly/${name}`,
  `hourly/${name}.old`,
  `hourly/${name}/`,
  'hourly/notes.txt',
  'hourly/backup-2026-13-23T07:05:00Z-fragalysis.sql.zst',
  'hourly/backup-2026-11-23T07:05:00Z-a/b.sql.zst',
  `hourly/.${name}`,
  '',
])('%j is none, so nothing is ever done to it', (path) => {
  expect(parseCopy(path)).toBeUndefined();
});

import { existsSync, statSync } from 'node:fs';
import { writeOptionFile } from '../src/option-file.ts';

const server = { host: 'mysql', port: 3306, user: 'backup', database: 'stack' };

test('only this user can read it, and nothing of it stays', async () => {
  const file = await writeOptionFile({ ...server, password: 'canary' });
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  await file.remove();
  expect(existsSync(file.path)).toBe(false);
});

// Passwords reach MariaDB's and MySQL's programs by an option file, whose syntax has traps.
import { execFileSync } from 'node:child_process';
import { writeOptionFile } from '../../packages/backup/src/option-file.ts';

// my_print_defaults is MariaDB's own reader of such files.
test.each([
  'plain',
  ' with spaces ',
  ` "double" 'single' `,
  "'quoted'",
  'back\\slash\\n\\s',
  '#hash;semi',
  'tab\tline\nend',
  'ünïcödé☃',
  '[client]',
])("MariaDB's programs read the password %j as it is", async (password) => {
  const file = await writeOptionFile({ host: 'mysql', port: 3306, user: 'backup', database: 'stack', password });
  const read = execFileSync('my_print_defaults', [`--defaults-file=${file.path}`, 'client'], { encoding: 'utf8' });
  await file.remove();
  expect(read).toContain(`--password=${password}\n`);
});

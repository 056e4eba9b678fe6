/**
 * `npm run check`: every check that needs no ground, one after the other, each with its seconds. All run, whatever one says.
 * `--but NAME` leaves one to whoever runs it anyway.
 */
import { spawnSync } from 'node:child_process';

const checks = [
  'typecheck',
  'lint',
  'format',
  'test:unit',
  'docs:check',
  'schema:check',
  'check:dist',
  'lint:workflows',
];
const but = process.argv[process.argv.indexOf('--but') + 1];
if (process.argv.includes('--but') && !checks.includes(but ?? ''))
  throw new Error(`--but takes one of ${checks.join(', ')}`);
const wanted = process.argv.includes('--but') ? checks.filter((name) => name !== but) : checks;
const failed: string[] = [];
for (const name of wanted) {
  const start = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit' });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) console.log(`check: failed: ${failed.join(', ')}`);
console.log(`${wanted.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

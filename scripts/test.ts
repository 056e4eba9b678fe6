/**
 * `npm test`: all tests. The unit and contract tests, then the ground comes up, the end-to-end tests run on it, and it goes down again; what
 * it leaves behind is a failure like any other. A ground that is there already (`npm run demo -- --keep` leaves one) goes down first: beside it, before
 * and after could not be compared. `--e2e` leaves the unit tests out. Ends with 'N passed, N failed'.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down, up } from '../test/ground/ground.ts';
import { difference, takeSnapshot } from '../test/ground/leftovers.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const root = join(import.meta.dirname, '..');

/** The end-to-end tests take about 40 minutes. A process that does not end, though its tests have, would hold everything up. */
const longestMs = 52 * 60_000;

/** Runs a project of jest.config.js; a suite that could not even start counts as one failure, and so does jest when it does not end. */
function jest(project: 'unit' | 'e2e', ...options: readonly string[]): Count {
  const dir = mkdtempSync(join(tmpdir(), 'jest-'));
  const results = join(dir, 'results.json');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jestArgs = [
    'node_modules/jest/bin/jest.js',
    `--selectProjects=${project}`,
    '--json',
    `--outputFile=${results}`,
    ...options,
  ];
  try {
    const { signal } = spawnSync(process.execPath, [...flags, ...jestArgs], {
      ...{ cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
      ...{ timeout: longestMs, killSignal: 'SIGKILL' },
    });
    if (signal !== null) console.error(`jest (${project}) did not end by itself and was ended (${signal})`);
    const hung = signal === null ? 0 : 1;
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(results, 'utf8'),
    ) as {
      readonly [field in 'numPassedTests' | 'numFailedTests' | 'numPendingTests']: number;
    } & { readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[] };
    const dead = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    );
    // A test that was left out is not a test that passed.
    return { passed: numPassedTests, failed: numFailedTests + numPendingTests + dead.length + hung };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function onTheGround(): Promise<Count> {
  await down();
  const before = await takeSnapshot();
  const count = await up('embedded')
    .then(() => jest('e2e', '--runInBand', '--testTimeout=300000'))
    .finally(down);
  const left = difference(before, await takeSnapshot());
  for (const line of left) console.error(`left behind by the ground: ${line}`);
  return left.length === 0 ? { ...count, passed: count.passed + 1 } : { ...count, failed: count.failed + 1 };
}

const counts = process.argv.includes('--e2e') ? [] : [jest('unit')];
try {
  counts.push(await onTheGround());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  counts.push({ passed: 0, failed: 1 });
}
const sum = (field: keyof Count): number => counts.reduce((total, count) => total + count[field], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 ? 0 : 1;

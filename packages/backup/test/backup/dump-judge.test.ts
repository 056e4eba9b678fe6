import { Fault } from '../../src/faults.ts';
import { judgeDump } from '../../src/backup/dump-judge.ts';
import type { ProgramEnd } from '../../src/programs.ts';

function end(
  command: string,
  exitCode: number | null,
  stderrTail = '',
  signal: NodeJS.Signals | null = null,
): ProgramEnd {
  return { command, exitCode, signal, stderrTail };
}

function causeOf(...ends: readonly ProgramEnd[]): string | undefined {
  try {
    judgeDump(ends);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const packed = end('zstd', 0);

test('is content when both ended well and nothing was said but warnings', () => {
  expect(causeOf(end('mariadb-dump', 0), packed)).toBeUndefined();
  expect(causeOf(end('mysqldump', 0, 'mysqldump: [Warning] unknown option --loose-x\n'), packed)).toBeUndefined();
});

// As MariaDB 10.11 and MySQL 5.6 say it.
test.each([
  [
    'definition-changed',
    'Error 1412: Table definition has changed, please retry transaction when dumping table `a` at row: 0',
  ],
  ['definition-changed', "Couldn't execute 'show create table `a`': Table 'stack.a' doesn't exist (1146)"],
  ['access-denied', `Got error: 1045: "Access denied for user 'b'@'h' (using password: YES)" when trying to connect`],
  [
    'access-denied',
    "Couldn't execute 'SHOW FIELDS FROM `v`': execute command denied to user 'b'@'h' for routine 'f' (1370)",
  ],
  ['connect', 'Error 2013: Lost connection to server during query when dumping table `a` at row: 1'],
  ['dump-failed', 'Got packet bigger than max_allowed_packet bytes (2020)'],
  ['dump-failed', 'Got errno 28 on write'],
])('gives the cause %s for: %s', (cause, said) => {
  expect(causeOf(end('mariadb-dump', 3, `mariadb-dump: ${said}\n`), packed)).toBe(
    `${cause}: mariadb-dump ended with exit code 3: mariadb-dump: ${said}`,
  );
});

test('does not believe an exit code of 0 after an error', () => {
  expect(causeOf(end('mariadb-dump', 0, 'mariadb-dump: Got error: 1356: "View is invalid"\n'), packed)).toMatch(
    /^dump-failed: mariadb-dump ended with exit code 0 after an error/,
  );
});

test('blames the compressor when that one ended first', () => {
  const writer = end('mariadb-dump', 5, 'mariadb-dump: Got errno 32 on write\n');
  expect(causeOf(writer, end('zstd', null, '', 'SIGKILL'))).toBe('dump-failed: zstd was ended by SIGKILL');
});

test('takes a number in a name for none of the server', () => {
  expect(causeOf(end('mariadb-dump', 2, "mariadb-dump: Couldn't find table: `t_21450`\n"), packed)).toMatch(
    /^dump-failed/,
  );
});

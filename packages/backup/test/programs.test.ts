import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Program } from '../src/programs.ts';
import { failureOf, runProgram, startPipe } from '../src/programs.ts';

const { signal } = new AbortController();
const sh = (script: string): Program => ({ command: 'sh', args: ['-c', script] });

test('gives what one program writes to the next, and tells how each ended', async () => {
  const pipe = await startPipe([sh('echo one; echo wrong >&2; exit 3'), sh('tr a-z A-Z')], { signal, stdout: 'pipe' });
  expect(await text(pipe.stdout!)).toBe('ONE\n');
  expect(await pipe.ended).toEqual([
    { command: 'sh', exitCode: 3, signal: null, stderrTail: 'wrong\n' },
    { command: 'sh', exitCode: 0, signal: null, stderrTail: '' },
  ]);
});

test('writes into an open file, and reads from what it is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  const path = join(folder, 'out');
  const pipe = await startPipe([sh('cat')], { signal, stdin: 'pipe', stdout: openSync(path, 'wx') });
  pipe.stdin!.end('through');
  await pipe.ended;
  expect(readFileSync(path, 'utf8')).toBe('through');
  rmSync(folder, { recursive: true });
});

test('a writer learns that its reader has died', async () => {
  const pipe = await startPipe([sh('exec yes'), sh('kill -9 $$')], { signal, stdout: 'pipe' });
  pipe.stdout!.resume();
  const [writer, reader] = await pipe.ended;
  expect(failureOf(reader!)).toBe('sh was ended by SIGKILL');
  expect(failureOf(writer!)).toBeDefined();
});

test('ends all of them when it is told to', async () => {
  const stop = new AbortController();
  const pipe = await startPipe([sh('exec sleep 100'), sh('exec sleep 100')], { signal: stop.signal });
  stop.abort(new Error('enough'));
  expect((await pipe.ended).map(({ signal: by }) => by)).toEqual(['SIGTERM', 'SIGTERM']);
});

test('says which program is not there, and leaves none of the others running', async () => {
  const pipe = startPipe([sh('exec sleep 100'), { command: 'no-such-program', args: [] }], { signal });
  await expect(pipe).rejects.toMatchObject({ code: 'command', command: 'no-such-program' });
});

test('gives a program nothing of this environment but where programs are', async () => {
  process.env['MSPASS'] = 'canary';
  const { stdout } = await runProgram({ command: 'env', args: [] }, signal);
  delete process.env['MSPASS'];
  expect(stdout).not.toContain('canary');
  expect(
    stdout
      .split('\n')
      .map((line) => line.split('=')[0])
      .sort(),
  ).toEqual(['', 'LC_ALL', 'PATH', 'TZ']);
});

test('keeps no more of a complaint than its end', async () => {
  const { stderrTail } = await runProgram(sh('head -c 1000000 /dev/zero | tr "\\0" x >&2; echo last >&2'), signal);
  expect(stderrTail.length).toBeLessThanOrEqual(8 * 1024);
  expect(stderrTail).toMatch(/last\n$/);
});

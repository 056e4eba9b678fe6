import { exec } from '@actions/exec';
import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { ChildProcess } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { CommandError } from '../errors/errors.ts';
import type { Exec, ExecOptions, ExecResult } from '../ports/exec.ts';
import { keepTail, splitLines, tailBytes } from './exec-output.ts';
import { endProcesses, markerVariable } from './exec-tree.ts';

// execve(2): the longest single argument or variable; with more, spawn throws where @actions/exec cannot catch it.
const maxArgumentBytes = 128 * 1024 - 1;
/** What the port gives for a program that a signal has ended: @actions/exec does not tell which one. */
const endedBySignal = 128;

/**
 * Programs of the runner, by @actions/exec. It is kept silent: it would print the command line and pass output on
 * unchecked, and a line of a program could then issue a workflow command. Ending a program needs Linux.
 */
export const runnerExec: Exec = { find, run };

async function find(program: string): Promise<string | undefined> {
  const folders = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const folder of folders) {
    const path = join(folder, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function run(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { signal } = options;
  signal.throwIfAborted();
  checkPassable(program, args, options.env);
  const path = await find(program);
  if (path === undefined) throw notStarted(program, 'it is not on PATH');
  const marker = randomBytes(16).toString('hex');
  const output = collectOutput(options.onLine ?? (() => undefined));
  let running = true;
  // First unsubscribed, so that it is never subscribed twice.
  unsubscribe('child_process', tolerateUnreadInput);
  subscribe('child_process', tolerateUnreadInput);
  const exited = start(path, args, { ...options, marker, output }).finally(() => (running = false));
  const exitCode = await untilAborted(exited, signal, () => endProcesses(marker, () => !running)).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw notStarted(program, 'the system refused to start it', error);
    },
  );
  output.end();
  return { exitCode: exitCode ?? endedBySignal, stdout: output.stdout.text(), stderr: output.stderr.text() };
}

type Output = ReturnType<typeof collectOutput>;

function collectOutput(onLine: (line: string) => void) {
  const stream = () => {
    const tail = keepTail(tailBytes);
    const decoder = new StringDecoder('utf8');
    const splitter = splitLines(onLine);
    return {
      text: () => tail.text(),
      write(data: Buffer) {
        tail.write(data);
        splitter.write(decoder.write(data));
      },
      end() {
        splitter.write(decoder.end());
        splitter.end();
      },
    };
  };
  const stdout = stream();
  const stderr = stream();
  return { stdout, stderr, end: () => [stdout, stderr].forEach((each) => each.end()) };
}

/** The exit code, null when a signal has ended the program (@actions/exec's type leaves that out). */
function start(
  path: string,
  args: readonly string[],
  options: ExecOptions & { readonly marker: string; readonly output: Output },
): Promise<number | null> {
  // The first parameter is parsed for arguments unless it is quoted.
  return exec(`"${path.replace(/["\\]/g, '\\$&')}"`, [...args], {
    silent: true,
    ignoreReturnCode: true,
    env: environment(options),
    // Without input it would leave standard input open, and an empty text counts as none.
    input: Buffer.from(options.input ?? ''),
    listeners: {
      stdout: (data) => options.output.stdout.write(data),
      stderr: (data) => options.output.stderr.write(data),
    },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
}

/**
 * A program may end without having read its input (EPIPE). @actions/exec has no listener for that error, which would
 * then end the whole step; Node's channel `child_process` (nodejs.org/api/diagnostics_channel.html) shows the child.
 */
function tolerateUnreadInput(message: unknown): void {
  const { process: child } = message as { readonly process: ChildProcess };
  child.once('spawn', () => child.stdin?.on('error', () => undefined));
}

/** The step's environment without the action's own inputs, which may be secrets that are none of the program's business. */
function environment({
  env,
  marker,
}: {
  readonly env?: ExecOptions['env'];
  readonly marker: string;
}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('INPUT_'),
  );
  return { ...Object.fromEntries(inherited), ...env, [markerVariable]: marker };
}

/** What `running` gives; once the signal is aborted, calls `end`, waits for it and rejects with the signal's reason. */
async function untilAborted<T>(running: Promise<T>, signal: AbortSignal, end: () => Promise<void>): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => void end().finally(() => reject(signal.reason as Error));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([running.then((value) => (signal.aborted ? aborted : value)), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function checkPassable(program: string, args: readonly string[], env: ExecOptions['env'] = {}): void {
  for (const text of [...args, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]) {
    if (text.includes('\0')) throw notStarted(program, 'an argument holds a NUL character');
    if (Buffer.byteLength(text) > maxArgumentBytes) throw notStarted(program, 'an argument is longer than 128 KiB');
  }
}

function notStarted(program: string, why: string, cause?: unknown): CommandError {
  const error = new CommandError(program, 127, '', `${program} was not started: ${why}.`);
  error.cause = cause;
  return error;
}

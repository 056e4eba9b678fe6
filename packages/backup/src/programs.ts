import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { keepTail } from '@delivery/core/adapters/exec-output';
import { CommandError } from '@delivery/core/errors/errors';

/** A program by its name on PATH, without a shell. Secrets have no place in its arguments. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the bare environment (PATH, locale, UTC). */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended. `exitCode` is null when `signal` ended it; `stderrTail` are its last 8 KiB. */
export interface ProgramEnd {
  readonly command: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderrTail: string;
}

/** Programs that run, the standard output of each being the standard input of the next. */
export interface RunningPipe {
  readonly pids: readonly number[];
  /** Of the first, when it was asked for. */
  readonly stdin: Writable | undefined;
  /** Of the last, when it was asked for; has to be read to its end, or the programs wait for ever. */
  readonly stdout: Readable | undefined;
  /** How each ended, in their order. Never rejects: a caller looks at its signal and at the exit codes. */
  readonly ended: Promise<readonly ProgramEnd[]>;
}

export interface PipeOptions {
  /** Aborted: SIGTERM for all, SIGKILL after 2 s. */
  readonly signal: AbortSignal;
  /** Of the first: nothing, a stream to write to, or an open file. */
  readonly stdin?: 'ignore' | 'pipe' | number;
  /** Of the last: nothing, a stream to read from, or an open file. */
  readonly stdout?: 'ignore' | 'pipe' | number;
}

const stderrBytes = 8 * 1024;
const graceMs = 2_000;

/** Starts them. What goes from one to the next never passes through this process. Throws CommandError for one that is not there. */
export async function startPipe(
  programs: readonly Program[],
  { signal, stdin = 'ignore', stdout = 'ignore' }: PipeOptions,
): Promise<RunningPipe> {
  signal.throwIfAborted();
  const children: ChildProcess[] = [];
  const ends: Promise<ProgramEnd>[] = [];
  const stopAll = () => children.forEach(stop);
  signal.addEventListener('abort', stopAll, { once: true });
  const ended = () => Promise.all(ends).finally(() => signal.removeEventListener('abort', stopAll));
  try {
    for (const [index, program] of programs.entries()) {
      signal.throwIfAborted();
      const before = children.at(-1);
      const isLast = index === programs.length - 1;
      const child = startOne(program, before?.stdout ?? stdin, isLast ? stdout : 'pipe');
      children.push(child);
      ends.push(endOf(child, program.command));
      await started(child, program.command);
      // This process holds the read end too; while it does, the writer would not learn that its reader has died.
      before?.stdout?.destroy();
    }
  } catch (error) {
    children.forEach(abandon);
    await ended();
    throw error;
  }
  const [first] = children;
  const last = children.at(-1);
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    stdin: first?.stdin ?? undefined,
    stdout: last?.stdout ?? undefined,
    ended: ended(),
  };
}

/** Runs one program and gives how it ended and what it printed, at most `limit` bytes of its end. */
export async function runProgram(
  program: Program,
  signal: AbortSignal,
  limit = 1024 * 1024,
): Promise<ProgramEnd & { readonly stdout: string }> {
  const pipe = await startPipe([program], { signal, stdout: 'pipe' });
  const tail = keepTail(limit);
  pipe.stdout?.on('data', (chunk: Buffer) => tail.write(chunk));
  const [end] = await pipe.ended;
  signal.throwIfAborted();
  if (end === undefined) throw new Error('no program was given');
  return { ...end, stdout: tail.text() };
}

/** `mariadb-dump ended with exit code 3`, `zstd was ended by SIGKILL`; undefined when it ended well. */
export function failureOf({ command, exitCode, signal }: ProgramEnd): string | undefined {
  if (exitCode === 0) return undefined;
  return signal === null ? `${command} ended with exit code ${exitCode}` : `${command} was ended by ${signal}`;
}

function startOne({ command, args, env }: Program, input: PipeOptions['stdin'] | Readable, output: string | number) {
  const bare = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...env };
  return spawn(command, [...args], { env: bare, stdio: [input, output, 'pipe'] } as Parameters<typeof spawn>[2]);
}

async function started(child: ChildProcess, command: string): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (error) {
    const failed = new CommandError(
      command,
      127,
      '',
      `${command} was not started: it is not on PATH, or may not be run.`,
    );
    failed.cause = error;
    throw failed;
  }
}

function endOf(child: ChildProcess, command: string): Promise<ProgramEnd> {
  const tail = keepTail(stderrBytes);
  child.stderr?.on('data', (chunk: Buffer) => tail.write(chunk));
  // A reader that ends before its writer: the exit codes tell, an unheard error would end this process.
  child.stdin?.on('error', () => undefined);
  return new Promise((resolve) => {
    const end = (exitCode: number | null, signal: NodeJS.Signals | null) =>
      resolve({ command, exitCode, signal, stderrTail: tail.text() });
    child.once('close', end);
    child.once('error', () => end(127, null));
  });
}

/** Nobody reads its output any more, and a child counts as ended when its output was. */
function abandon(child: ChildProcess): void {
  stop(child);
  child.stdout?.destroy();
}

function stop(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  child.once('exit', () => clearTimeout(timer));
}

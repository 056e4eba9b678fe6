import { keepTail, splitLines, tailBytes } from '@delivery/core/adapters/exec-output';
import { CommandError } from '@delivery/core/errors/errors';
import type { Exec, ExecOptions, ExecResult } from '@delivery/core/ports/exec';

/** What a program of the fake sees and does; it gives its exit code. */
export type FakeProgram = (call: FakeCall) => number | Promise<number>;

export interface FakeCall extends Pick<ExecOptions, 'signal' | 'cwd' | 'input'> {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  stdout(text: string): void;
  stderr(text: string): void;
}

export interface FakeExec extends Exec {
  /** Every run so far, in order: the program, its arguments and what was added to its environment. */
  readonly runs: readonly {
    readonly program: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  }[];
}

/** Programs that are functions. A run whose signal is aborted is given up, as the adapter ends its processes. */
export function fakeExec(programs: Readonly<Record<string, FakeProgram>>): FakeExec {
  const runs: FakeExec['runs'][number][] = [];
  return {
    runs,
    async find(program) {
      return Object.hasOwn(programs, program) ? `/usr/bin/${program}` : undefined;
    },
    async run(name, args, options) {
      options.signal.throwIfAborted();
      const program = programs[name];
      if (!program) throw new CommandError(name, 127, '', `${name} was not started: it is not on PATH.`);
      runs.push({ program: name, args, env: options.env ?? {} });
      const aborted = rejectOnAbort(options.signal);
      return Promise.race([aborted, play(program, args, options)]);
    },
  };
}

async function play(program: FakeProgram, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const stream = () => {
    const tail = keepTail(tailBytes);
    const lines = splitLines((line) => void (options.signal.aborted || options.onLine?.(line)));
    return { tail, lines };
  };
  const out = stream();
  const err = stream();
  const exitCode = await program({
    signal: options.signal,
    args,
    env: options.env ?? {},
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    input: options.input ?? '',
    stdout: (text) => write(out, text),
    stderr: (text) => write(err, text),
  });
  out.lines.end();
  err.lines.end();
  return { exitCode, stdout: out.tail.text(), stderr: err.tail.text() };
}

function write(
  stream: { tail: ReturnType<typeof keepTail>; lines: ReturnType<typeof splitLines> },
  text: string,
): void {
  stream.tail.write(Buffer.from(text));
  stream.lines.write(text);
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

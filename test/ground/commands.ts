import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { marker } from './settings.ts';

/** What went wrong on the ground, in words for the one who called it. */
export class GroundError extends Error {}

export interface CommandOptions {
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** True: `down` lets it end by itself, such as an installation that may not be cut off. */
  readonly unmarked?: boolean;
  readonly cwd?: string;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
  /** Each line of both streams, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program without a shell and gives its standard output; throws with its last words when it fails. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const mark = options.unmarked ? {} : { [marker.name]: marker.value };
  const child = spawn(command, args, { env: { ...process.env, ...options.env, ...mark }, cwd: options.cwd });
  let stdout = '';
  let tail = '';
  let rest = '';
  const read = (text: string) => {
    tail = (tail + text).slice(-2000);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') options.onLine?.(line.trim());
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    read(text);
  });
  child.stderr.setEncoding('utf8').on('data', read);
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new GroundError(`${command} could not be started: ${cause.message}`, { cause })),
    );
    child.on('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'));
  });
  if (code !== 0) throw new GroundError(`${command} ${args.slice(0, 3).join(' ')} ended with ${code}:\n${tail.trim()}`);
  return stdout;
}

/** True when the program ends with 0. */
export async function succeeds(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<boolean> {
  return run(command, args, options).then(
    () => true,
    () => false,
  );
}

/** The full path of a program on PATH or in the folders given. */
export function findProgram(name: string, extra: readonly string[] = []): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin', ...extra];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Waits until `ready` says true; gives up after `limitMs`, or at once when `broken` tells why it will never be. */
export async function until(
  what: string,
  limitMs: number,
  ready: () => Promise<boolean> | boolean,
  broken: () => string | undefined = () => undefined,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await ready())) {
    const reason = broken();
    if (reason !== undefined) throw new GroundError(`${what}: ${reason}`);
    if (performance.now() > deadline) throw new GroundError(`${what} did not happen within ${limitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

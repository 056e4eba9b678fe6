import { CommandError } from '@delivery/core/errors/errors';
import { oneLine } from '@delivery/core/domain/printable';
import type { Exec } from '@delivery/core/ports/exec';
import type { Log } from '@delivery/core/ports/log';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A username and password that were given for one registry. */
export interface GivenLogin {
  readonly username: string;
  readonly password: string;
}

/** What the builders of a runner work with. */
export interface Workshop {
  readonly exec: Exec;
  readonly log: Pick<Log, 'outside'>;
  /** The root of the checkout (GITHUB_WORKSPACE). */
  readonly workspace: string;
  /** Where folders of a run are made; the runner empties it after the job (RUNNER_TEMP). */
  readonly temp: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Undefined: the login that docker, buildah or podman have made on the runner. */
  readonly login: GivenLogin | undefined;
}

/** A folder that only this user can enter, for as long as `body` runs: logins, build secrets. */
export async function withPrivateFolder<T>(temp: string, body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(temp, 'build-and-tag-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}

/** Runs a program with its output in the log, line by line. Throws CommandError for any exit code but 0. */
export async function runShown(
  { exec, log }: Workshop,
  [program, ...args]: readonly [string, ...string[]],
  options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string; readonly signal: AbortSignal },
): Promise<void> {
  const { exitCode, stderr } = await exec.run(program, args, { ...options, onLine: (line) => log.outside(line) });
  if (exitCode === 0) return;
  const command = [program, ...args.slice(0, program === 'docker' ? 2 : 1)].join(' ');
  throw new CommandError(command, exitCode, stderr, `${lastWords(stderr)} The log above has all of it.`);
}

/** The line of a builder's output that says why it failed. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => oneLine(line))
    .filter((line) => line !== '');
  const line = lines.findLast((each) => /^(?:error|fatal)\b/i.test(each)) ?? lines.at(-1);
  return line === undefined ? 'It printed no error.' : `It said: ${line}`;
}

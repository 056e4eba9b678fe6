import { execFileSync } from 'node:child_process';

const maxBuffer = 64 * 1024 * 1024;

/** Runs git and gives what it prints; throws with its message when it fails. */
export function git(dir: string, ...args: string[]): string {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  return execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8', maxBuffer, stdio }).trimEnd();
}

/** The same, undefined when it fails. */
export function tryGit(dir: string, ...args: string[]): string | undefined {
  try {
    return git(dir, ...args);
  } catch {
    return undefined;
  }
}

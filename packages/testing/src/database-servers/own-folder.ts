import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a new folder below `parent` that only this user reads. Its name holds the process's id: what a process that was killed could not
 * remove goes with the next call.
 */
export function ownFolder(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent)) {
    const [, owner] = new RegExp(`^${name}-(\\d+)-`).exec(entry) ?? [];
    if (owner !== undefined && !existsSync(`/proc/${owner}`))
      rmSync(join(parent, entry), { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `${name}-${process.pid}-`));
}

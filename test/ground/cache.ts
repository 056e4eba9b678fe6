import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './progress.ts';
import { cacheDir, runDir } from './settings.ts';

type Build = (dir: string, note: (text: string) => void) => Promise<void>;

/**
 * The folder NAME-KEY of the cache; built when it is not there. It is built in the run directory and moved when it is
 * whole, so an interrupted build leaves nothing that looks finished. Older ones of the same name go.
 */
export async function cached(name: string, key: string, build: Build): Promise<string> {
  const folder = join(cacheDir, `${name}-${key}`);
  if (existsSync(folder)) return folder;
  await step(`build ${name}`, async (note) => {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    const fresh = mkdtempSync(join(runDir, `${name}-`));
    await build(fresh, note);
    for (const old of globSync(`${name}-*`, { cwd: cacheDir })) rmSync(join(cacheDir, old), { recursive: true });
    renameSync(fresh, folder);
  });
  return folder;
}

/** A key from texts: what a recipe says. */
export function keyOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest('hex').slice(0, 12);
}

/** A key from every file below a folder, names and contents. */
export function keyOfFolder(folder: string, ...texts: readonly string[]): string {
  const files = globSync('**/*', { cwd: folder }).sort();
  const contents = files
    .filter((file) => statSync(join(folder, file)).isFile())
    .flatMap((file) => [file, readFileSync(join(folder, file), 'utf8')]);
  return keyOf(...contents, ...texts);
}

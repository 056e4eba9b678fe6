import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, GroundError, run } from './commands.ts';
import { install } from './packages.ts';

const files = join(import.meta.dirname, 'images', 'neo4j');

/** SHA-256 over names and contents of all jars, in the order of their names: what Maven Central gives for the pom. */
const jarsSha256 = '7fe7364d1c2c2d84f01906b99fc73c28a488a2bcd1342a9517d41773fd3dfdfe';

/** What the image depends on besides Debian's packages. */
export function neo4jSays(): string[] {
  const texts = readdirSync(files)
    .sort()
    .map((name) => readFileSync(join(files, name), 'utf8'));
  return [...texts, readFileSync(import.meta.filename, 'utf8')];
}

/** Fetches genuine Neo4j from Maven Central and lays it out below `root` as in the official image. */
export async function makeNeo4j(root: string, work: string, note: (text: string) => void): Promise<void> {
  const home = layout(root);
  if (findProgram('mvn') === undefined) await install(['maven'], note);
  // A repository of its own, gone with the folder: nothing is left in the home directory.
  const options = ['-B', '-f', join(files, 'pom.xml'), `-Dmaven.repo.local=${join(work, 'maven')}`];
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${join(home, 'lib')}`, '-DincludeScope=runtime'];
  await run('mvn', [...options, ...copy], { onLine: note });
  checkJars(join(home, 'lib'));
}

/** The folders that any user may have to write, when no volume is mounted there, and the fixed files. */
function layout(root: string): string {
  const home = join(root, 'var/lib/neo4j');
  mkdirSync(home, { recursive: true });
  for (const folder of ['data', 'var/lib/neo4j/conf', 'var/lib/neo4j/logs', 'var/lib/neo4j/certificates']) {
    mkdirSync(join(root, folder));
    chmodSync(join(root, folder), 0o777);
  }
  for (const folder of ['import', 'plugins']) mkdirSync(join(home, folder));
  symlinkSync('/data', join(home, 'data'));
  copyFileSync(join(files, 'java.opts'), join(home, 'java.opts'));
  copyFileSync(join(files, 'entry'), join(root, 'docker-entrypoint.sh'));
  chmodSync(join(root, 'docker-entrypoint.sh'), 0o755);
  return home;
}

function checkJars(folder: string): void {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const found = hash.digest('hex');
  if (found !== jarsSha256) {
    throw new GroundError(`the jars of Neo4j are not those that were seen before: SHA-256 ${found}, not ${jarsSha256}`);
  }
}

/**
 * Builds dist/: one bundle of the whole suite by ncc, in chunks, so that core and the Kubernetes client are there once and
 * are loaded when an action needs them; and a small entry for each action. dist/backup is the program of the backup image, a
 * bundle of its own. `--check` builds beside and compares.
 */
import { transform } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bundleBackup } from './backup.ts';
import { leanClient, licenseOfClient } from './lean-client.ts';
import { ownSourceMap } from './source-map.ts';

const root = join(import.meta.dirname, '..', '..');
const maxBytes = 6_000_000;

function run(program: string, ...args: string[]): void {
  execFileSync(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function build(target: string): Promise<void> {
  for (const dir of ['build', 'packages/core/lib']) rmSync(join(root, dir), { recursive: true, force: true });
  run('typescript/bin/tsc', '-p', 'packages/core/tsconfig.build.json');
  run('typescript/bin/tsc', '-p', 'actions/tsconfig.build.json');
  await leanClient(root, join(root, 'packages/core/lib'));
  const bundled = join(root, 'build', 'suite');
  run('@vercel/ncc/dist/ncc/cli.js', 'build', 'build/actions/suite.js', '-o', bundled, '--license', 'licenses.txt', '--source-map', '--no-cache', '--quiet');
  const suite = join(target, 'suite');
  mkdirSync(suite, { recursive: true });
  for (const name of readdirSync(bundled).filter((file) => file.endsWith('.js'))) await minify(join(bundled, name), suite);
  cpSync(join(bundled, 'package.json'), join(suite, 'package.json'));
  writeFileSync(join(suite, 'licenses.txt'), `${readFileSync(join(bundled, 'licenses.txt'), 'utf8')}\n${licenseOfClient(root)}`);
  for (const action of actionNames()) writeEntry(join(target, action), action);
  await bundleBackup(root, join(target, 'backup'));
}

/** ncc's own minifier does not reach the chunks, so each is minified here. */
async function minify(chunk: string, target: string): Promise<void> {
  const source = readFileSync(chunk, 'utf8')
    // Node reads maps by itself (see writeEntry); ncc's helper would do it a second time, at every start.
    .replace(/^import ['"]\.\/sourcemap-register\.cjs['"];?/m, '')
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const { code, map } = await transform(source, {
    sourcefile: 'chunk.js',
    minify: true,
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
  });
  const name = basename(chunk);
  const own = ownSourceMap(map, chunk, root);
  writeFileSync(join(target, name), own === undefined ? code : `${code}//# sourceMappingURL=${name}.map\n`);
  if (own !== undefined) writeFileSync(join(target, `${name}.map`), own);
}

function actionNames(): string[] {
  return readdirSync(join(root, 'actions')).filter((name) => existsSync(join(root, 'actions', name, 'action.yml')));
}

function writeEntry(dir: string, action: string): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'index.js'), `import { start } from '../suite/index.js';\nprocess.setSourceMapsEnabled(true);\nawait start('${action}');\n`);
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n');
}

function filesOf(dir: string): Map<string, Buffer> {
  const names = existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.filter((name) => statSync(join(dir, name)).isFile()).sort();
  return new Map(files.map((name) => [name, readFileSync(join(dir, name))]));
}

function differences(wanted: Map<string, Buffer>, found: Map<string, Buffer>): string[] {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].filter((name) => wanted.get(name)?.equals(found.get(name) ?? Buffer.alloc(0)) !== true);
}

const check = process.argv.includes('--check');
const fresh = mkdtempSync(join(tmpdir(), 'dist-'));
try {
  await build(fresh);
  const built = filesOf(fresh);
  const bytes = [...built.values()].reduce((sum, content) => sum + content.length, 0);
  if (bytes > maxBytes) throw new Error(`dist is ${bytes} bytes, more than ${maxBytes}`);
  const dist = join(root, 'dist');
  const different = differences(built, filesOf(dist));
  if (check && different.length > 0) {
    throw new Error(`dist/ is not what its sources give (npm run build): ${different.join(', ')}`);
  }
  if (!check) {
    rmSync(dist, { recursive: true, force: true });
    cpSync(fresh, dist, { recursive: true });
  }
  console.log(`dist: ${built.size} files, ${(bytes / 1e6).toFixed(2)} MB${check ? ', as built from its sources' : ''}`);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

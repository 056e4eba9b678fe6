import { build } from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { onlyOwnSourceMap } from './source-map.ts';

/** mysql2 is CommonJS and asks for Node's modules by `require`, which a module does not have. */
const banner = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`;

/**
 * Bundles the program of packages/backup into one file for Node 18, which Debian's image has, with the licences of what is in it and a
 * map of this repository's own code. Throws when it imports what is neither bundled nor Node's own.
 */
export async function bundleBackup(root: string, target: string): Promise<void> {
  const outfile = join(root, 'dist', 'backup', 'index.js');
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'packages/backup/src/main.ts')],
    outfile,
    write: false,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    conditions: ['source'],
    minify: true,
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    banner: { js: banner },
    metafile: true,
    logLevel: 'error',
  });
  const textOf = (name: string) => outputFiles.find(({ path }) => basename(path) === name)?.text ?? '';
  const map = onlyOwnSourceMap(textOf('index.js.map'), (source) => {
    const path = relative(root, resolve(root, 'dist/backup', source));
    return path.startsWith('packages/') ? path : undefined;
  });
  mkdirSync(target, { recursive: true });
  writeFileSync(
    join(target, 'index.js'),
    map === undefined ? textOf('index.js') : `${textOf('index.js')}//# sourceMappingURL=index.js.map\n`,
  );
  if (map !== undefined) writeFileSync(join(target, 'index.js.map'), map);
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(target, 'licenses.txt'), licensesOf(root, Object.keys(metafile.inputs)));
}

/** Of the packages that these files are of, in the form of ncc's list. */
function licensesOf(root: string, files: readonly string[]): string {
  const pattern = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
  const dirs = new Set(files.flatMap((file) => pattern.exec(file)?.[1] ?? []));
  return [...dirs]
    .sort()
    .map((dir) => licenseOf(join(root, dir)))
    .join('\n');
}

function licenseOf(dir: string): string {
  const { name, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    name: string;
    license?: string;
  };
  const file = readdirSync(dir).find((entry) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(entry));
  if (license === undefined && file === undefined) throw new Error(`${name} goes into dist/backup and says no licence`);
  return `${name}\n${license ?? ''}\n${file === undefined ? '' : readFileSync(join(dir, file), 'utf8')}`;
}

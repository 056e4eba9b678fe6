import type { Plugin } from 'esbuild';
import { build } from 'esbuild';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const client = '@kubernetes/client-node';

/**
 * The client's package does not say that its modules only define things, so ncc keeps all models and methods of Kubernetes, 4 MB, of
 * which the suite uses the connection. esbuild is told so here, and puts what is left into `lib`, whose own modules are made to import
 * that. Everything else that the client needs stays an import, which ncc follows.
 */
export async function leanClient(root: string, lib: string): Promise<void> {
  const target = join(lib, 'vendor', 'kubernetes.js');
  mkdirSync(dirname(target), { recursive: true });
  const users = globSync('**/*.js', { cwd: lib })
    .map((name) => join(lib, name))
    .filter((file) => readFileSync(file, 'utf8').includes(`'${client}'`));
  const names = new Set(users.flatMap((file) => importedNames(readFileSync(file, 'utf8'))));
  await build({
    stdin: { contents: `export { ${[...names].sort().join(', ')} } from '${client}';`, resolveDir: root },
    outfile: target,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    loader: { '.json': 'json' },
    plugins: [pure(root)],
    logLevel: 'error',
  });
  for (const file of users) {
    const path = relative(dirname(file), target);
    const own = path.startsWith('.') ? path : `./${path}`;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`'${client}'`, `'${own}'`));
  }
}

/** In the form of ncc's list, which does not see what came in by another way. */
export function licenseOfClient(root: string): string {
  return `${client}\nApache-2.0\n${readFileSync(join(root, 'node_modules', client, 'LICENSE'), 'utf8')}`;
}

function importedNames(text: string): string[] {
  const pattern = new RegExp(`import \\{([^}]*)\\} from '${client}'`, 'g');
  return [...text.matchAll(pattern)].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
}

/** The client's own modules have no effects; those of others are left to ncc, found from where the client finds them. */
function pure(root: string): Plugin {
  return {
    name: 'pure',
    setup(setup) {
      setup.onResolve({ filter: /.*/ }, async ({ path, resolveDir, kind, pluginData }) => {
        if (pluginData === 'seen' || path.startsWith('node:')) return undefined;
        if (!path.startsWith('.') && path !== client) {
          if (createRequire(root).resolve.paths(path) === null) return { path, external: true };
          const found = await setup.resolve(path, { resolveDir, kind, pluginData: 'seen' });
          return { path: found.path, external: true };
        }
        const found = await setup.resolve(path, { resolveDir, kind, pluginData: 'seen' });
        return { ...found, sideEffects: false };
      });
    },
  };
}

/** What dist/ is built from: each action's entry asks for its name, so that only what it needs is loaded. */
const actions: Readonly<Record<string, () => Promise<unknown>>> = {
  'answer-call': () => import('./answer-call/src/main.ts'),
  'build-and-tag': () => import('./build-and-tag/src/main.ts'),
  'db-backup': () => import('./db-backup/src/main.ts'),
  'db-restore': () => import('./db-restore/src/main.ts'),
  'deploy-test': () => import('./deploy-test/src/main.ts'),
  'detect-data': () => import('./detect-data/src/main.ts'),
  dispatch: () => import('./dispatch/src/main.ts'),
  'launch-loader': () => import('./launch-loader/src/main.ts'),
  'promote-stable': () => import('./promote-stable/src/main.ts'),
  'list-builds': () => import('./list-builds/src/main.ts'),
  'prune-builds': () => import('./prune-builds/src/main.ts'),
};

export async function start(name: string): Promise<void> {
  const load = actions[name];
  if (!load) throw new Error(`no action ${name} in the bundle`);
  await load();
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** action.yml (docs.github.com, "Metadata syntax for GitHub Actions"), as far as it is used here. */
export interface ActionMetadata {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly required?: boolean; readonly default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

/** The folders of the actions, sorted. */
export function actionDirs(root: string): string[] {
  const names = readdirSync(join(root, 'actions')).sort();
  return names.map((name) => join(root, 'actions', name)).filter((dir) => existsSync(join(dir, 'action.yml')));
}

export function readMetadata(dir: string): ActionMetadata {
  return parse(readFileSync(join(dir, 'action.yml'), 'utf8')) as ActionMetadata;
}

/**
 * actionlint and zizmor (all audits, auditor persona) over every workflow and action.yml of the repository, the examples and the workflows
 * in code blocks of its pages included. actionlint comes as a Go module, zizmor from PyPI; both are kept in the user's cache.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { yamlExamples } from './docs-examples.ts';

const root = join(import.meta.dirname, '..');
const actionlintVersion = '1.7.12';
const zizmorVersion = '1.32.0';

const pages = mkdtempSync(join(tmpdir(), 'workflows-of-pages-'));
const workflows = [
  ...globSync(['.github/workflows/*.yml', 'examples/*/.github/workflows/*.yml'], { cwd: root }).sort(),
  ...workflowsOfPages(pages),
];
const actions = globSync(['actions/*/action.yml'], { cwd: root }).sort();
if (workflows.length === 0 || actions.length === 0) throw new Error('found no workflow or no action to lint');

/** Files of their own, named after page and line: what a linter finds is found there. */
function workflowsOfPages(dir: string): string[] {
  const examples = yamlExamples(root).filter(({ kind }) => kind === 'workflow');
  if (examples.length === 0) throw new Error('found no workflow in a page to lint');
  const folder = join(dir, '.github', 'workflows');
  mkdirSync(folder, { recursive: true });
  return examples.map(({ file, line, text }) => {
    const path = join(folder, `${file.replaceAll('/', '-')}-line-${line}.yml`);
    writeFileSync(path, text);
    return path;
  });
}

function actionlint(): number {
  const program = join(tool('actionlint', actionlintVersion, installActionlint), 'actionlint');
  return lint('actionlint', workflows, program, ['-no-color', '-shellcheck=', '-pyflakes=', ...workflows]);
}

function zizmor(): number {
  const program = join(tool('zizmor', zizmorVersion, installZizmor), 'bin', 'zizmor');
  const files = [...workflows, ...actions];
  const options = [
    '--offline',
    '--persona=auditor',
    '--no-progress',
    '--color=never',
    '--config',
    '.github/zizmor.yml',
  ];
  return lint('zizmor', files, program, [...options, ...files]);
}

/** Runs a linter; its output is shown when it finds something. */
function lint(name: string, files: readonly string[], program: string, args: readonly string[]): number {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) console.error(stdout, stderr);
  console.log(`${name}: ${files.length} files, ${status === 0 ? 'no findings' : `findings (exit code ${status})`}`);
  return status ?? 1;
}

/** The folder of a tool, installed into the user's cache when it is not there; an interrupted installation leaves none. */
function tool(name: string, version: string, install: (dir: string) => void): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const dir = join(cache, 'fragalysis-actions', `${name}-${version}`);
  if (existsSync(dir)) return dir;
  console.log(`${name}: installing ${version}`);
  mkdirSync(dirname(dir), { recursive: true });
  const fresh = mkdtempSync(`${dir}-`);
  install(fresh);
  if (existsSync(dir)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, dir);
  return dir;
}

function installActionlint(dir: string): void {
  const env = { ...process.env, GOBIN: dir, PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` };
  execFileSync('go', ['install', `github.com/rhysd/actionlint/cmd/actionlint@v${actionlintVersion}`], {
    env,
    stdio: 'inherit',
  });
}

function installZizmor(dir: string): void {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--root-user-action=ignore', '--target', dir];
  execFileSync('python3', ['-m', 'pip', 'install', ...options, `zizmor==${zizmorVersion}`], { stdio: 'inherit' });
}

try {
  process.exitCode = Math.max(actionlint(), zizmor());
} finally {
  rmSync(pages, { recursive: true });
}

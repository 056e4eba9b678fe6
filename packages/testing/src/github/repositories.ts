import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, tryGit } from './git.ts';
import type { Workflow } from './workflows.ts';
import { parseWorkflow } from './workflows.ts';

export const defaultBranch = 'main';
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const none = /^0+$/;

/** One line of git's post-receive hook: what happened to one ref. */
export interface RefUpdate {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
}

export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly message: string;
  readonly timestamp: string;
  readonly author: { readonly name: string; readonly email: string };
}

/** The bare repositories, `DIR/OWNER/NAME.git`. A push to one, by path or over http, runs a hook that tells the stand-in. */
export class Repositories {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  path(repository: string): string {
    return join(this.dir, `${repository}.git`);
  }

  has(repository: string): boolean {
    return existsSync(join(this.path(repository), 'HEAD'));
  }

  list(): string[] {
    return readdirSync(this.dir).flatMap((owner) =>
      readdirSync(join(this.dir, owner)).map((name) => `${owner}/${name.replace(/\.git$/, '')}`),
    );
  }

  /** Creates the repository when it is not there, and points its hook to where the stand-in listens now. */
  create(repository: string, standIn: string): void {
    if (!/^[\w-]+\/[\w.-]+$/.test(repository)) throw new Error(`${JSON.stringify(repository)} is not owner/name`);
    const path = this.path(repository);
    if (!this.has(repository)) {
      mkdirSync(path, { recursive: true });
      git(path, 'init', '-q', '--bare', '-b', defaultBranch);
      git(path, 'config', 'http.receivepack', 'true');
    }
    const hook = join(import.meta.dirname, 'post-receive.ts');
    const command = [process.execPath, hook, `${standIn}/stand-in/pushes/${repository}`].map(quote).join(' ');
    writeFileSync(join(path, 'hooks/post-receive'), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
  }

  /** The commit of a branch, tag or commit, in that order, or of HEAD; undefined when there is none. */
  resolve(repository: string, name: string): { ref: string; sha: string } | undefined {
    if (name === 'HEAD') return this.resolve(repository, defaultBranch);
    for (const ref of [name, `refs/heads/${name}`, `refs/tags/${name}`]) {
      if (ref === name && !/^refs\/|^[0-9a-f]{40}$/.test(name)) continue;
      const sha = tryGit(
        this.path(repository),
        'rev-parse',
        '--verify',
        '--quiet',
        '--end-of-options',
        `${ref}^{commit}`,
      );
      if (sha !== undefined) return { ref, sha };
    }
    return undefined;
  }

  commit(repository: string, sha: string): Commit {
    const text = git(this.path(repository), 'log', '-1', '--format=%H%x00%T%x00%an%x00%ae%x00%cI%x00%B', sha);
    const [id = '', tree = '', name = '', email = '', timestamp = '', message = ''] = text.split('\0');
    return { sha: id, tree, message: message.trimEnd(), timestamp, author: { name, email } };
  }

  /** The workflows of a commit; what cannot be read is told to `onBroken`. */
  workflows(repository: string, sha: string, onBroken: (reason: string) => void): Workflow[] {
    const path = this.path(repository);
    const files = git(path, 'ls-tree', '--name-only', sha, '.github/workflows/').split('\n');
    return files
      .filter((file) => /\.ya?ml$/.test(file))
      .flatMap((file) => {
        try {
          return [parseWorkflow(file, git(path, 'show', `${sha}:${file}`))];
        } catch (error) {
          onBroken(`${file}: ${String(error)}`);
          return [];
        }
      });
  }

  /** The files that a push changed: against what the branch was, or for a new branch against the default branch. */
  changedPaths(repository: string, { before, after, ref }: RefUpdate): string[] {
    const path = this.path(repository);
    const isDefault = ref === `refs/heads/${defaultBranch}`;
    const base = isDefault ? undefined : tryGit(path, 'merge-base', defaultBranch, after);
    const from = none.test(before) ? (base ?? emptyTree) : before;
    return git(path, 'diff', '--name-only', from, after)
      .split('\n')
      .filter((line) => line !== '');
  }
}

export function isDeletion({ after }: RefUpdate): boolean {
  return none.test(after);
}

export function isCreation({ before }: RefUpdate): boolean {
  return none.test(before);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

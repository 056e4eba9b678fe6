import { StandInClient } from '@delivery/testing/github/client';
import type { Run } from '@delivery/testing/github/run';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../ground/commands.ts';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { runnerEnvironment } from './runner-environment.ts';

/** The name under which callers and the callable workflows know this suite; act serves it from the work tree. */
export const suite = 'InformaticsMatters/fragalysis-actions@v1';

/** A person's token at the stand-in: a repository of code starts the stack's workflows with it. */
export const operatorToken = 'token-of-an-operator';

/**
 * The stand-in for GitHub with runners that can reach the ground. The runner is not logged in anywhere: secrets have to do it, those of
 * the registry and `kubeconfigs`, one for each workflow (accounts.ts).
 */
export async function startGitHub(
  state: GroundState,
  kubeconfigs: Readonly<Record<string, string>>,
): Promise<GitHubStandIn> {
  const { basic } = state.registries;
  return GitHubStandIn.start({
    host: '127.0.0.1',
    port: 0,
    dataDir: join(state.directories.run, 'github'),
    config: {
      act: state.programs.act,
      localRepositories: { [suite]: released(join(state.directories.run, 'suite')) },
      secrets: {
        REGISTRY_USERNAME: basic.username,
        REGISTRY_PASSWORD: basic.password,
        STACK_TOKEN: operatorToken,
        ...kubeconfigs,
      },
      vars: {},
      env: { ...runnerEnvironment(state), PATH: process.env['PATH'] ?? '' },
      ...(state.oidc && { oidc: state.oidc.issuer }),
      homeLinks: { '.docker/cli-plugins/docker-buildx': state.programs.buildx },
    },
    log: () => undefined,
  });
}

/**
 * What a workflow fetches of this suite, as it would be at its tag. act copies all of it for every step, so it is served without
 * what is not used there: node_modules alone would make a run a minute longer.
 */
export function released(dir: string): string {
  for (const part of ['dist', 'actions', '.github/workflows']) {
    cpSync(join(repositoryRoot, part), join(dir, part), { recursive: true });
  }
  return dir;
}

/** A developer's clone of a stack's repository. */
export class Clone {
  readonly dir: string;
  readonly repository: string;
  readonly client: StandInClient;

  private constructor(dir: string, repository: string, client: StandInClient) {
    this.dir = dir;
    this.repository = repository;
    this.client = client;
  }

  /** A repository at the stand-in, made when it is not there, and a clone of it with the content of `source`, not yet committed. */
  static async create(state: GroundState, url: string, repository: string, source: string): Promise<Clone> {
    const client = new StandInClient(url);
    const { cloneUrl } = await client.createRepository(repository);
    const dir = mkdtempSync(join(state.directories.run, 'clone-'));
    const clone = new Clone(dir, repository, client);
    await clone.git('init', '-q', '-b', 'main', '.');
    await clone.git('remote', 'add', 'origin', cloneUrl);
    await clone.git('fetch', '-q', 'origin');
    const branches = await clone.git('branch', '--remotes', '--list', 'origin/main');
    if (branches.trim() !== '') await clone.git('reset', '-q', 'origin/main');
    cpSync(source, dir, { recursive: true });
    // So that the first commit changes something, whatever an earlier clone has pushed.
    writeFileSync(join(dir, '.clone'), `${dir}\n`);
    return clone;
  }

  git(...args: readonly string[]): Promise<string> {
    const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    return run('git', ['-C', this.dir, ...who, ...args]);
  }

  /** Changes a file of the clone. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.dir, file);
    const before = readFileSync(path, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`${file} is as it was`);
    writeFileSync(path, after);
  }

  /** Commits everything, pushes it, and gives the id of the run of a workflow that it starts. */
  async push(message: string, workflow = 'deliver.yml'): Promise<number> {
    await this.git('add', '-A');
    await this.git('commit', '-q', '--allow-empty', '-m', message);
    await this.git('push', '-q', 'origin', 'main');
    const sha = (await this.git('rev-parse', 'HEAD')).trim();
    const ids = await this.client.runIds(this.repository, { head_sha: sha, event: 'push' });
    const runs = await Promise.all(ids.map((id) => this.client.run(id)));
    const started = runs.filter((run) => run.workflow.path === `.github/workflows/${workflow}`);
    const [run] = started;
    if (!run || started.length > 1) throw new Error(`the push started ${started.length} runs of ${workflow}`);
    return run.id;
  }

  /** Pushes, and waits until the run is over. */
  async deliver(message: string, onChange?: (run: Run) => void, workflow?: string): Promise<Run> {
    return this.client.waitForRun(await this.push(message, workflow), onChange ? { onChange } : {});
  }
}

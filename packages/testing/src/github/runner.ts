import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ActLog } from './act-log.ts';
import type { StandInConfig } from './config.ts';
import { git } from './git.ts';
import type { Granted } from './id-tokens.ts';
import { grantIdTokens } from './id-tokens.ts';
import { defaultBranch } from './repositories.ts';
import type { Run } from './run.ts';
import { endChildren } from './step-processes.ts';

/** What `runs-on` may say: everything runs on this machine. */
const labels = ['ubuntu-latest', 'ubuntu-24.04', 'ubuntu-22.04', 'self-hosted'];

export interface RunFiles {
  /** Kept: event.json, logs, summary, annotations. */
  readonly dir: string;
  /** Checkout, home, temporary files; gone when the run is over. */
  readonly scratch: string;
  /** The bare repository. */
  readonly repository: string;
}

/** One run of a workflow by act in host mode (github.com/nektos/act, 0.2.89; docs/act.md has what was measured about it). */
export class ActRun {
  readonly log: ActLog;
  readonly #config: StandInConfig;
  readonly #run: Run;
  readonly #files: RunFiles;
  #act: ReturnType<typeof spawn> | undefined;
  #cancelled = false;
  readonly #endedSince = new Set<string>();

  constructor(config: StandInConfig, run: Run, files: RunFiles, jobsChanged: () => void) {
    this.#config = config;
    this.#run = run;
    this.#files = files;
    const stepEnded = (job: string, result: string): void => this.#stepEnded(job, result);
    this.log = new ActLog(files.dir, run.workflow.name, { jobsChanged, stepEnded });
  }

  /** Runs to the end and gives act's exit code; null when a signal ended it. */
  async execute(url: string, token: string): Promise<number | null> {
    const { scratch } = this.#files;
    for (const dir of ['home', 'tmp', 'act', 'runtime'])
      mkdirSync(join(scratch, dir), { recursive: true, mode: 0o700 });
    try {
      this.#checkOut(url);
      this.#linkHome();
      const granted = await grantIdTokens(this.#run, this.#config, { scratch, work: join(scratch, 'work') });
      const args = this.#args(url, token, granted);
      return await this.#spawn(args);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }

  /**
   * Told to stop, act kills its steps with SIGKILL. So their processes get the signals of GitHub's runner instead, and act goes on as after
   * any failed step: what has to run always still runs. Only where a step ended as a success in spite of it, or where none ran
   * just then, act is told as well.
   */
  async cancel(): Promise<void> {
    const pid = this.#act?.pid;
    if (pid === undefined || this.#cancelled) return;
    this.#cancelled = true;
    this.log.note('The run was cancelled.');
    if (!(await endChildren(pid))) this.#act?.kill('SIGINT');
  }

  /** Of each job only the first step that ends after the cancel counts: it is the one that was told to. */
  #stepEnded(job: string, result: string): void {
    if (!this.#cancelled || this.#endedSince.has(job)) return;
    this.#endedSince.add(job);
    if (result === 'success') this.#act?.kill('SIGINT');
  }

  #checkOut(url: string): void {
    const { repository, ref, sha } = this.#run;
    const work = join(this.#files.scratch, 'work');
    git(this.#files.scratch, 'clone', '-q', '--no-checkout', this.#files.repository, work);
    const branch = /^refs\/heads\/(.*)$/.exec(ref)?.[1];
    git(work, 'checkout', '-q', ...(branch === undefined ? ['--detach'] : ['-B', branch]), sha);
    git(work, 'remote', 'set-url', 'origin', `${url}/${repository}.git`);
  }

  /** Each run has its own HOME, so that logins and caches never meet; what all share is linked into it. */
  #linkHome(): void {
    for (const [path, target] of Object.entries(this.#config.homeLinks)) {
      const link = join(this.#files.scratch, 'home', path);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(target, link);
    }
  }

  #args(url: string, token: string, granted: Granted): string[] {
    const { dir, scratch } = this.#files;
    const { event, actor } = this.#run;
    // JSON is YAML: act reads .yaml files of secrets and variables without any quoting of its own.
    const write = (name: string, values: object): string => {
      const path = join(scratch, `${name}.yaml`);
      writeFileSync(path, JSON.stringify(values), { mode: 0o600 });
      return path;
    };
    return [
      event,
      '--json',
      ...[
        '--directory',
        join(scratch, 'work'),
        '--workflows',
        granted.workflow,
        '--eventpath',
        join(dir, 'event.json'),
      ],
      ...['--actor', actor, '--defaultbranch', defaultBranch],
      ...labels.flatMap((label) => ['--platform', `${label}=-self-hosted`]),
      ...['--secret-file', write('secrets', { ...this.#config.secrets, GITHUB_TOKEN: token })],
      ...['--var-file', write('vars', this.#config.vars)],
      ...['--env-file', write('env', { ...this.#config.env, ...this.#environment(url) })],
      ...['--input-file', write('inputs', {})],
      ...['--action-cache-path', join(scratch, 'act'), '--no-cache-server', '--container-daemon-socket', '-'],
      ...Object.entries(granted.localRepositories).flatMap(([name, path]) => ['--local-repository', `${name}=${path}`]),
    ];
  }

  #environment(url: string): Record<string, string> {
    const { repository, ref, sha, id, runNumber, attempt, actor, workflow } = this.#run;
    const workflowRef = `${repository}/${workflow.path}@${ref}`;
    return {
      SHA_REF: sha,
      GITHUB_SERVER_URL: url,
      GITHUB_API_URL: url,
      GITHUB_GRAPHQL_URL: `${url}/graphql`,
      GITHUB_REPOSITORY: repository,
      GITHUB_REPOSITORY_OWNER: repository.split('/')[0] ?? '',
      GITHUB_REF: ref,
      GITHUB_REF_NAME: ref.replace(/^refs\/(?:heads|tags)\//, ''),
      GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      GITHUB_RUN_ID: String(id),
      GITHUB_RUN_NUMBER: String(runNumber),
      GITHUB_RUN_ATTEMPT: String(attempt),
      GITHUB_TRIGGERING_ACTOR: actor,
      GITHUB_WORKFLOW_REF: workflowRef,
      GITHUB_WORKFLOW_SHA: sha,
      RUNNER_ENVIRONMENT: 'self-hosted',
    };
  }

  #spawn(args: string[]): Promise<number | null> {
    const at = (name: string): string => join(this.#files.scratch, name);
    // act's own environment reaches the steps in host mode, so it gets a bare one. The first node on PATH runs node24 actions.
    const env = {
      PATH: `${dirname(process.execPath)}:${this.#config.env['PATH'] ?? process.env['PATH'] ?? ''}`,
      HOME: at('home'),
      TMPDIR: at('tmp'),
      XDG_RUNTIME_DIR: at('runtime'),
      LANG: 'C.UTF-8',
    };
    const act = spawn(this.#config.act, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#act = act;
    for (const stream of [act.stdout, act.stderr])
      createInterface({ input: stream }).on('line', (line) => this.log.line(line));
    return new Promise((resolve, reject) => {
      act.on('error', reject);
      act.on('close', resolve);
    });
  }
}

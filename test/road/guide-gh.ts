import { StandInClient } from '@delivery/testing/github/client';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { GroundState } from '../ground/state.ts';
import { released, suite } from './forge.ts';
import { runnerEnvironment } from './runner-environment.ts';

interface Call {
  readonly args: readonly string[];
  readonly input: string;
  readonly repository: string;
}

/**
 * GitHub for the reader of a guide: the stand-in, which knows no secret but those that are set, and a program `gh` that does the few
 * commands that guides use, by the API where the stand-in has it. What it is not told by the guide it does not know.
 */
export class GuideGitHub {
  readonly gitHub: GitHubStandIn;
  readonly client: StandInClient;
  readonly #secrets: Record<string, string>;
  readonly #server: Server;

  private constructor(gitHub: GitHubStandIn, secrets: Record<string, string>) {
    this.gitHub = gitHub;
    this.client = new StandInClient(gitHub.url);
    this.#secrets = secrets;
    this.#server = createServer((request, response) => {
      const done = (status: number, text: string) => void response.writeHead(status).end(text);
      json(request)
        .then((call) => this.#do(call as Call))
        .then(
          (text) => done(200, text),
          (error: unknown) => done(500, `${error instanceof Error ? error.message : String(error)}\n`),
        );
    });
  }

  /** `bin`: a folder on the guide's PATH. */
  static async start(state: GroundState, dir: string, bin: string): Promise<GuideGitHub> {
    const secrets: Record<string, string> = {};
    const gitHub = await GitHubStandIn.start({
      ...{ host: '127.0.0.1', port: 0, dataDir: join(dir, 'github') },
      config: {
        act: state.programs.act,
        localRepositories: { [suite]: released(join(dir, 'suite')) },
        ...{ secrets, vars: {} },
        env: { ...runnerEnvironment(state), PATH: process.env['PATH'] ?? '' },
        homeLinks: { '.docker/cli-plugins/docker-buildx': state.programs.buildx },
      },
      log: () => undefined,
    });
    const one = new GuideGitHub(gitHub, secrets);
    await new Promise<void>((resolve) => void one.#server.listen(0, '127.0.0.1', resolve));
    const program = join(import.meta.dirname, 'guide-gh-program.ts');
    const url = `http://127.0.0.1:${(one.#server.address() as AddressInfo).port}`;
    const script = `#!/bin/sh\nGUIDE_GH=${url} NODE_OPTIONS= exec '${process.execPath}' '${program}' "$@"\n`;
    writeFileSync(join(bin, 'gh'), script, { mode: 0o755 });
    return one;
  }

  async stop(): Promise<void> {
    await this.gitHub.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #do({ args, input, repository }: Call): Promise<string> {
    const [what = '', verb = '', name = ''] = args;
    const after = (flag: string): string => args[args.indexOf(flag) + 1] ?? '';
    switch (`${what} ${verb}`) {
      case 'repo create':
        await this.client.createRepository(name);
        return `${this.gitHub.url}/${name}\n`;
      case 'secret set':
        // As gh does: without the newline at the end (cli.github.com/manual/gh_secret_set).
        this.#secrets[name] = input.replace(/[\r\n]+$/, '');
        return '';
      case 'run list':
        return (await this.client.runIds(repository, { head_sha: after('--commit'), event: 'push' })).join('\n');
      case 'run watch':
        return this.#watch(Number(args.findLast((text) => /^\d+$/.test(text))));
      case 'workflow run':
        return this.#start(repository, name, args);
      default:
        throw new Error(`this gh knows no ${args.join(' ')}`);
    }
  }

  async #watch(id: number): Promise<string> {
    const run = await this.client.waitForRun(id);
    if (run.conclusion === 'success') return `run ${id} ended with success\n`;
    throw new Error(`run ${id} ended with ${run.conclusion ?? 'nothing'}\n${await this.client.log(id)}`);
  }

  async #start(repository: string, workflow: string, args: readonly string[]): Promise<string> {
    const fields = args.flatMap((text, at) => (args[at - 1] === '-f' ? [text.split(/=(.*)/s, 2)] : []));
    const inputs = Object.fromEntries(fields) as Record<string, string>;
    const id = await this.client.startWorkflow(repository, workflow, 'main', inputs);
    return `${this.gitHub.url}/${repository}/actions/runs/${id}\n`;
  }
}

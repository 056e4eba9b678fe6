import { mkdirSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { RateLimits } from '../rate-limits.ts';
import type { Violation } from './api.ts';
import { Api, readBody } from './api.ts';
import type { StandInConfig } from './config.ts';
import type { Backend } from './endpoint.ts';
import { startPushed } from './events.ts';
import { serveGit } from './git-http.ts';
import type { StoredPackageVersion } from './records.ts';
import { Records, timed } from './records.ts';
import { Repositories } from './repositories.ts';
import type { Run } from './run.ts';
import { Runs } from './runs.ts';
import { runPage } from './shapes.ts';
import { Tokens } from './tokens.ts';

export interface StandInOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly config: StandInConfig;
  readonly log: (line: string) => void;
  /** Undefined: none. */
  readonly limits?: RateLimits;
}

/** A manifest that was pushed to a package of the container registry. */
export type NewPackageVersion = Pick<
  StoredPackageVersion,
  'repository' | 'owner' | 'ownerIs' | 'package' | 'digest' | 'tags' | 'downloads'
>;

const runFiles: Readonly<Record<string, string>> = {
  log: 'log.txt',
  summary: 'summary.md',
  annotations: 'annotations.json',
};
const heartbeatMs = 15_000;

/**
 * A stand-in for GitHub on one port: the REST API below `/repos`, git below `/OWNER/NAME.git`, the page of a run (its job summary) where
 * GitHub has it, and below `/stand-in` what only tests and the demo need. It listens on loopback and trusts who reaches it.
 */
export class GitHubStandIn {
  readonly url: string;
  readonly tokens: Tokens;
  readonly #server: Server;
  readonly #backend: Backend;
  readonly #api: Api;

  private constructor(server: Server, url: string, { dataDir, config, log, limits }: StandInOptions) {
    this.#server = server;
    this.url = url;
    this.tokens = new Tokens();
    mkdirSync(dataDir, { recursive: true });
    const repositories = new Repositories(join(dataDir, 'git'));
    const runs = new Runs({ dataDir, config, repositories, tokens: this.tokens, url });
    this.#backend = { url, repositories, runs, records: new Records(join(dataDir, 'records')), log };
    this.#api = new Api(this.#backend, this.tokens, limits);
    // The hooks name the port, which may be another one than last time.
    for (const repository of repositories.list()) repositories.create(repository, url);
  }

  static async start(options: StandInOptions): Promise<GitHubStandIn> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const standIn = new GitHubStandIn(server, `http://${options.host}:${port}`, options);
    server.on('request', (request, response) => standIn.#handle(request, response));
    return standIn;
  }

  /** What was not as GitHub describes it, since the start. */
  get violations(): readonly Violation[] {
    return this.#api.violations;
  }

  /** Where a path push goes. */
  repositoryPath(repository: string): string {
    return this.#backend.repositories.path(repository);
  }

  createRepository(repository: string): void {
    this.#backend.repositories.create(repository, this.url);
  }

  /** Gives the id of the version. */
  addPackageVersion(version: NewPackageVersion): number {
    return this.#backend.records.packageVersions.add({ ...timed(version.repository), ...version, deleted: false }).id;
  }

  /** Cancels what runs, waits for it, and closes the port. */
  async stop(): Promise<void> {
    await this.#backend.runs.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#route(request, response).catch((error: unknown) => {
      this.#backend.log(
        `500 ${request.method} ${request.url}: ${String(error instanceof Error ? error.stack : error)}`,
      );
      if (response.headersSent) response.destroy();
      else plain(response, 500, `${String(error)}\n`);
    });
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    if (/^\/[^/]+\/[^/]+\.git\//.test(pathname))
      return serveGit(this.#backend.repositories.dir, pathname, request, response);
    if (pathname.startsWith('/stand-in/')) return this.#serveOwn(pathname.slice('/stand-in'.length), request, response);
    const page = /^\/([^/]+\/[^/]+)\/actions\/runs\/(\d+)$/.exec(pathname);
    if (page && request.method === 'GET')
      return plain(response, 200, this.#backend.runs.store.read(Number(page[2]), 'summary.md'));
    return this.#api.serve(request, response);
  }

  async #serveOwn(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { repositories } = this.#backend;
    const [, kind = '', first = '', second = ''] = path.split('/');
    if (kind === 'repositories' && request.method === 'PUT') {
      this.createRepository(`${first}/${second}`);
      return json(response, {
        clone_url: `${this.url}/${first}/${second}.git`,
        path: repositories.path(`${first}/${second}`),
      });
    }
    if (kind === 'pushes' && request.method === 'POST')
      return this.#pushed(`${first}/${second}`, await readBody(request), response);
    if (kind === 'violations') return json(response, this.violations);
    if (kind === 'runs') return this.#serveRun(Number(first), second, response);
    plain(response, 404, 'no such thing\n');
  }

  #pushed(repository: string, lines: string, response: ServerResponse): void {
    const updates = lines
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([before = '', after = '', ref = '']) => ({ before, after, ref }));
    const started = updates.flatMap((update) => startPushed(this.#backend, repository, update));
    for (const run of started)
      this.#backend.log(`${repository}: run ${run.id} of ${run.workflow.path} for ${run.event} ${run.ref}`);
    plain(response, 200, started.map((run) => `${run.workflow.name}: ${runPage(this.url, run)}\n`).join(''));
  }

  #serveRun(id: number, what: string, response: ServerResponse): void {
    const { store } = this.#backend.runs;
    const run = store.get(id);
    if (!run) return plain(response, 404, 'no such run\n');
    if (what === '') return json(response, run);
    if (what === 'events') return this.#watch(run, response);
    const file = runFiles[what];
    plain(response, file === undefined ? 404 : 200, file === undefined ? 'no such thing\n' : store.read(id, file));
  }

  /** Server-sent events: the run as it is, then after each change, until it is over. */
  #watch(run: Run, response: ServerResponse): void {
    const { runs } = this.#backend;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const heartbeat = setInterval(() => response.write(': still running\n\n'), heartbeatMs);
    const tell = (changed: Run): void => {
      if (changed.id !== run.id) return;
      response.write(`data: ${JSON.stringify(changed)}\n\n`);
      if (changed.status === 'completed') response.end();
    };
    response.on('close', () => {
      clearInterval(heartbeat);
      runs.off('changed', tell);
    });
    runs.on('changed', tell);
    tell(run);
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

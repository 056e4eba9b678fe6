import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectGitHub } from '@delivery/core/adapters/github';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { CommitStatus, DeploymentStatus } from '@delivery/core/ports/github';
import type { GitHubKit, SeenDeployment } from '@delivery/testing/contracts/github';
import { gitHubContract } from '@delivery/testing/contracts/github';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { git } from '@delivery/testing/github/git';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';

const repository = 'acme/site';

async function openFake(): Promise<GitHubKit> {
  const sha = 'a'.repeat(40);
  const next = 'b'.repeat(40);
  const options = { commits: [sha, next], subjects: { [next]: 'The second' }, repositories: [repository] };
  const github = new FakeGitHub(options);
  return {
    ...{ github, sha, next, repository },
    readOnly: new FakeGitHub({ ...options, permissions: [] }),
    deployments: async () => github.deployments,
    neutralChecks: async () => github.checks,
    statuses: async () => github.statuses,
    close: async () => undefined,
  };
}

/** The adapter over the stand-in; what was recorded is read back by GitHub's own routes. */
async function openStandIn(): Promise<GitHubKit> {
  const dir = mkdtempSync(join(tmpdir(), 'github-'));
  const config = { act: '', localRepositories: {}, secrets: {}, vars: {}, env: {}, homeLinks: {} };
  const standIn = await GitHubStandIn.start({ host: '127.0.0.1', port: 0, dataDir: dir, config, log: () => undefined });
  standIn.createRepository(repository);
  const { sha, next } = createCommits(standIn.repositoryPath(repository));
  const open = (permissions: Record<string, 'read' | 'write'>) =>
    connectGitHub(standIn.tokens.mint(repository, 'github-actions[bot]', permissions), {
      apiUrl: standIn.url,
      repository,
    });
  const read = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${standIn.url}/repos/${repository}/${path}`, {
      headers: { authorization: 'Bearer operator' },
    });
    return (await answer.json()) as T;
  };
  return {
    github: open({ deployments: 'write', checks: 'write', statuses: 'write', contents: 'read' }),
    readOnly: open({ deployments: 'read', checks: 'read', statuses: 'read' }),
    ...{ sha, next, repository },
    deployments: async () => {
      const all = await read<Omit<SeenDeployment, 'statuses'>[]>('deployments');
      return Promise.all(
        all.map(async ({ id, environment, sha: of, description, payload }) => ({
          ...{ id, environment, sha: of, description, payload },
          statuses: (await read<RestStatus[]>(`deployments/${id}/statuses`)).reverse().map(seenStatus),
        })),
      );
    },
    neutralChecks: async () => {
      const { check_runs: runs } = await read<{ check_runs: RestCheck[] }>(
        `commits/${sha}/check-runs?status=completed`,
      );
      const neutral = runs.filter(({ conclusion }) => conclusion === 'neutral');
      return neutral.map(({ name, head_sha, output: { title, summary } }) => ({ name, sha: head_sha, title, summary }));
    },
    statuses: async () =>
      (await read<RestCommitStatus[]>(`commits/${sha}/statuses`))
        .reverse()
        .map(({ context, state, description, target_url: targetUrl }) => ({
          ...{ sha, context, state, description },
          targetUrl,
        })),
    close: async () => {
      const { violations } = standIn;
      await standIn.stop();
      rmSync(dir, { recursive: true });
      if (violations.length > 0) throw new Error(`not as GitHub describes it: ${JSON.stringify(violations)}`);
    },
  };
}

interface RestStatus {
  readonly state: DeploymentStatus['state'];
  readonly description: string;
  readonly environment_url: string;
  readonly log_url: string;
}

interface RestCheck {
  readonly name: string;
  readonly head_sha: string;
  readonly conclusion: string;
  readonly output: { readonly title: string; readonly summary: string };
}

interface RestCommitStatus {
  readonly context: string;
  readonly state: CommitStatus['state'];
  readonly description: string;
  readonly target_url: string;
}

function seenStatus({ state, description, environment_url, log_url }: RestStatus): DeploymentStatus {
  const links = { ...(environment_url && { environmentUrl: environment_url }), ...(log_url && { logUrl: log_url }) };
  return { state, description, ...links };
}

function createCommits(path: string): { sha: string; next: string } {
  const tree = git(path, 'hash-object', '-w', '-t', 'tree', '/dev/null');
  const who = ['-c', 'user.name=dev', '-c', 'user.email=dev@example.org'];
  const commit = (...args: string[]) => git(path, ...who, 'commit-tree', ...args, tree);
  const sha = commit('-m', 'First');
  const next = commit('-p', sha, '-m', 'The second\n\nand more of it');
  git(path, 'update-ref', 'refs/heads/main', next);
  return { sha, next };
}

gitHubContract('The fake', openFake);
gitHubContract('The adapter over the stand-in', openStandIn);

describe('the adapter when GitHub does not do what was asked', () => {
  const token = 'ghs_canary0123456789';

  async function failWith(answer: RequestListener): Promise<{ error: RemoteError; requests: IncomingMessage[] }> {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const github = connectGitHub(token, {
      apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      repository,
    });
    const { signal } = new AbortController();
    const call = github.addDeploymentStatus(7, { state: 'success', description: 'healthy' }, signal);
    const error = await call.then(
      () => Promise.reject(new Error('it did not fail')),
      (caught: unknown) => caught as RemoteError,
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return { error, requests };
  }

  const answering = (status: number, headers: Record<string, string> = {}, body: string = '{"message":"Nope"}') => {
    const listener: RequestListener = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-canary': token, ...headers }).end(body);
    };
    return listener;
  };

  it.each([
    [401, {}, false, 'not accepted'],
    [403, {}, false, 'deployments: write'],
    [403, { 'retry-after': '17' }, true, 'wait 17 s'],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1790000000' }, true, 'until 2026-09-21T14:13:20.000Z'],
    [403, { 'x-ratelimit-remaining': '42' }, false, 'deployments: write'],
    [429, { 'retry-after': '60' }, true, 'wait 60 s'],
    [429, {}, true, undefined],
    [404, {}, false, 'deployments: write'],
    [422, {}, false, undefined],
    [500, {}, true, undefined],
    [502, {}, true, undefined],
    [503, {}, true, undefined],
  ])(
    'tells of a %i with %j whether it may pass later (%s) and what to do',
    async (status, headers, retryable, hint) => {
      const { error, requests } = await failWith(answering(status, headers));
      expect(error).toMatchObject({ code: 'github', status, retryable });
      expect(error.message).toBe(`cannot set deployment 7 to success: GitHub's API answered ${status}: Nope`);
      if (hint === undefined) expect(error.hint).toBeUndefined();
      else expect(error.hint).toContain(hint);
      expect(requests).toHaveLength(1);
    },
  );

  const limit = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1790000000' };

  it.each([
    [403, { 'retry-after': '17' }, 17_000],
    [429, { 'retry-after': '60', ...limit }, 60_000],
    [403, { ...limit, date: 'Mon, 21 Sep 2026 14:03:20 GMT' }, 600_000],
    [429, { ...limit, date: 'Mon, 21 Sep 2026 14:13:21 GMT' }, 0],
    [429, { 'x-ratelimit-remaining': '0' }, 60_000],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, 60_000],
    [429, {}, 60_000],
    [403, { 'x-ratelimit-remaining': '42' }, undefined],
    [502, { 'retry-after': '17' }, undefined],
  ])('tells of a %i with %j when it may be asked again: after %p ms', async (status, headers, retryAfterMs) => {
    const { error } = await failWith(answering(status, headers));
    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  it('calls a lost connection one that may pass later, without a status', async () => {
    const { error } = await failWith((request) => request.socket.destroy());
    expect(error).toMatchObject({ code: 'github', status: undefined, retryable: true });
  });

  it('shows one bounded line of what GitHub says', async () => {
    const message = `first\n::error::second ${'x'.repeat(5000)}`;
    const { error } = await failWith(answering(422, {}, JSON.stringify({ message })));
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(300);
  });

  it.each(['<html>bad gateway</html>', '', '[]', '{"message":5}'])(
    'copes with an answer that is not of its form: %j',
    async (body) => {
      const { error } = await failWith(answering(502, { 'content-type': 'text/html' }, body));
      expect(error.message).toBe("cannot set deployment 7 to success: GitHub's API answered 502");
    },
  );

  it('keeps neither the token nor any header in the error', async () => {
    const { error, requests } = await failWith(answering(403));
    expect(requests[0]?.headers.authorization).toContain(token);
    expect(JSON.stringify([error, error.message, error.hint, error.stack, String(error.cause)])).not.toContain(token);
  });
});

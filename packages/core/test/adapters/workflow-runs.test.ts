import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWorkflowRuns } from '@delivery/core/adapters/workflow-runs';
import type { WorkflowRunsKit } from '@delivery/testing/contracts/workflow-runs';
import { workflowRunsContract } from '@delivery/testing/contracts/workflow-runs';
import { FakeWorkflowRuns } from '@delivery/testing/fake-workflow-runs';
import { git } from '@delivery/testing/github/git';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';

const repository = 'acme/builds';

const workflow = `
  name: Loader
  run-name: \${{ github.event.client_payload.request-id && format('Loader, {0}', github.event.client_payload.request-id) || inputs.request-id }}
  on:
    repository_dispatch: { types: [data-uploaded] }
    workflow_dispatch: { inputs: { request-id: {}, who: {} } }
  jobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }
`;

async function openFake(): Promise<WorkflowRunsKit> {
  const workflows = [{ file: 'loader.yml', inputs: ['request-id', 'who'], events: ['data-uploaded'] }];
  const runs = new FakeWorkflowRuns({ workflows });
  return {
    runs,
    powerless: new FakeWorkflowRuns({ workflows, permissions: [], runs: runs.runs }),
    end: async (id) => runs.change(id, { status: 'completed', conclusion: 'success' }),
    close: async () => undefined,
  };
}

/** The adapter over the stand-in, whose runs all succeed: their runner does nothing. */
async function openStandIn(): Promise<WorkflowRunsKit> {
  const dir = mkdtempSync(join(tmpdir(), 'workflow-runs-'));
  const config = { act: '/bin/true', localRepositories: {}, secrets: {}, vars: {}, env: {}, homeLinks: {} };
  const standIn = await GitHubStandIn.start({ host: '127.0.0.1', port: 0, dataDir: dir, config, log: () => undefined });
  standIn.createRepository(repository);
  commitWorkflow(standIn.repositoryPath(repository));
  const open = (permissions: Record<string, 'read' | 'write'>) =>
    connectWorkflowRuns(standIn.tokens.mint(repository, 'github-actions[bot]', permissions), standIn.url, repository);
  return {
    runs: open({ actions: 'write', contents: 'write' }),
    powerless: open({ contents: 'read' }),
    end: async (id) => void (await (await fetch(`${standIn.url}/stand-in/runs/${id}/events`)).text()),
    close: async () => {
      const violations = standIn.violations.filter(({ side }) => side === 'answer');
      await standIn.stop();
      rmSync(dir, { recursive: true });
      if (violations.length > 0) throw new Error(`not as GitHub describes it: ${JSON.stringify(violations)}`);
    },
  };
}

function commitWorkflow(path: string): void {
  const work = mkdtempSync(join(tmpdir(), 'work-'));
  mkdirSync(join(work, '.github/workflows'), { recursive: true });
  writeFileSync(join(work, '.github/workflows/loader.yml'), workflow);
  git(path, '--work-tree', work, 'add', '-A');
  rmSync(work, { recursive: true });
  const tree = git(path, 'write-tree');
  const sha = git(path, '-c', 'user.name=dev', '-c', 'user.email=dev@example.org', 'commit-tree', '-m', 'First', tree);
  git(path, 'update-ref', 'refs/heads/main', sha);
}

workflowRunsContract('The fake', openFake);
workflowRunsContract('The adapter over the stand-in', openStandIn);

describe('the adapter over servers of other kinds', () => {
  async function withServer<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  const { signal } = new AbortController();
  const start = (url: string) => connectWorkflowRuns('t', url, repository).startWorkflow('a.yml', 'main', {}, signal);

  it.each([
    ['204 without a body, as older servers do', 204, undefined],
    ['200 with something else', 200, '{"workflow_run_id":"seven"}'],
  ])('takes %s for a run that is not told', async (_, status, body) => {
    const answering: RequestListener = (_request, response) =>
      void response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' }).end(body);
    expect(await withServer(answering, start)).toBeUndefined();
  });

  it('sends one request and calls a lost connection one that may pass later', async () => {
    let requests = 0;
    const losing: RequestListener = (request) => {
      requests += 1;
      request.socket.destroy();
    };
    const error = await withServer(losing, (url) => start(url).catch((caught: unknown) => caught));
    expect(error).toMatchObject({ code: 'github', status: undefined, retryable: true });
    expect(requests).toBe(1);
  });
});

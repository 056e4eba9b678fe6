import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { git } from '@delivery/testing/github/git';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';

// A dozen git processes in one test take their time on a busy machine.
jest.setTimeout(30_000);

type Json = Record<string, unknown>;

describe('the stand-in for GitHub', () => {
  const dir = mkdtempSync(join(tmpdir(), 'stand-in-'));
  const log: string[] = [];
  let standIn: GitHubStandIn;
  let sha: string;

  const start = () =>
    GitHubStandIn.start({
      host: '127.0.0.1',
      port: 0,
      dataDir: dir,
      config: { act: '/nowhere/act', localRepositories: {}, secrets: {}, vars: {}, env: {}, homeLinks: {} },
      log: (line) => log.push(line),
    });

  beforeAll(async () => {
    standIn = await start();
    standIn.createRepository('acme/site');
    sha = createCommit(standIn.repositoryPath('acme/site'));
  });

  afterAll(async () => {
    await standIn.stop();
    rmSync(dir, { recursive: true });
  });

  /** One request below the repository, by default as an operator. */
  async function call(method: string, path: string, body?: unknown, authorization = 'Bearer operator') {
    const url = path.startsWith('/repos/') ? `${standIn.url}${path}` : `${standIn.url}/repos/acme/site${path}`;
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await fetch(url, { method, body: text, headers: { ...(authorization && { authorization }) } });
    const answered = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: (answered === '' ? undefined : JSON.parse(answered)) as Json,
    };
  }

  it('refuses who brings no token, in either form', async () => {
    expect((await call('GET', '/deployments', undefined, '')).status).toBe(401);
    expect((await call('GET', '/deployments', undefined, 'Basic abc')).status).toBe(401);
    expect((await call('GET', '/deployments', undefined, 'Bearer ghs_of-a-run-that-is-over')).status).toBe(401);
    expect((await call('GET', '/deployments', undefined, 'token operator')).status).toBe(200);
  });

  it('answers 404 to what it does not serve, and says so in its log', async () => {
    expect((await call('GET', '/pulls')).status).toBe(404);
    expect(log.at(-1)).toBe('GET /repos/acme/site/pulls 404: the stand-in does not serve this');
    expect((await call('GET', '/repos/acme/other/deployments')).status).toBe(404);
  });

  it('refuses a request that is not as described, and records it', async () => {
    const { status, body } = await call('POST', '/deployments', { enviroment: 'test' });
    expect(status).toBe(422);
    expect(body['message']).toContain('body field enviroment is not described');
    expect(standIn.violations).toEqual([
      {
        side: 'request',
        method: 'POST',
        path: '/repos/acme/site/deployments',
        problems: [
          'body must have required property \'ref\' {"missingProperty":"ref"}',
          'body field enviroment is not described',
        ],
      },
    ]);
  });

  it('lets the token of a run into its own repository only, within its permissions', async () => {
    standIn.createRepository('acme/other');
    const bearer = `Bearer ${standIn.tokens.mint('acme/site', 'github-actions[bot]', { deployments: 'read' })}`;
    expect((await call('GET', '/deployments', undefined, bearer)).status).toBe(200);
    expect((await call('GET', '/repos/acme/other/deployments', undefined, bearer)).status).toBe(404);
    const refused = await call('POST', '/deployments', { ref: sha }, bearer);
    expect([refused.status, refused.body['message']]).toEqual([403, 'Resource not accessible by integration']);
    expect(refused.headers.get('x-accepted-github-permissions')).toBe('deployments=write');
  });

  it('keeps deployments with their statuses, newest first, also when it was started again', async () => {
    const first = await call('POST', '/deployments', { ref: 'main', environment: 'test', required_contexts: [] });
    const second = await call('POST', '/deployments', { ref: sha, environment: 'test', payload: { a: 1 } });
    expect([first.status, second.status]).toEqual([201, 201]);
    for (const { body } of [first, second])
      await call('POST', `/deployments/${String(body['id'])}/statuses`, { state: 'success' });
    await standIn.stop();
    standIn = await start();
    const listed = (await call('GET', '/deployments?environment=test')).body as unknown as Json[];
    expect(listed.map(({ id, sha: of }) => [id, of])).toEqual([second, first].map(({ body }) => [body['id'], sha]));
    const statuses = (await call('GET', `/deployments/${String(first.body['id'])}/statuses`)).body as unknown as Json[];
    expect(statuses.map(({ state }) => state)).toEqual(['inactive', 'success']);
  });

  it('holds a deployment back by a failing status, unless it asks for no contexts', async () => {
    expect((await call('POST', `/statuses/${sha}`, { state: 'failure', context: 'lint' })).status).toBe(201);
    expect((await call('POST', '/deployments', { ref: sha })).status).toBe(409);
    expect((await call('POST', '/deployments', { ref: sha, required_contexts: ['unit'] })).status).toBe(201);
    await call('POST', `/statuses/${sha}`, { state: 'success', context: 'lint' });
    expect((await call('POST', '/deployments', { ref: sha })).status).toBe(201);
    expect((await call('GET', `/commits/${sha}/statuses`)).body).toMatchObject([
      { state: 'success' },
      { state: 'failure' },
    ]);
  });

  it('creates and changes check runs of apps, and asks for the conclusion that the description forgets', async () => {
    const bearer = `Bearer ${standIn.tokens.mint('acme/site', 'github-actions[bot]', { checks: 'write' })}`;
    const created = await call('POST', '/check-runs', { name: 'loader', head_sha: sha }, bearer);
    expect(created).toMatchObject({ status: 201, body: { status: 'queued', conclusion: null } });
    const path = `/check-runs/${String(created.body['id'])}`;
    expect((await call('PATCH', path, { status: 'completed' }, bearer)).status).toBe(422);
    expect((await call('PATCH', path, { conclusion: 'neutral' }, bearer)).body).toMatchObject({
      status: 'completed',
      conclusion: 'neutral',
    });
    expect((await call('GET', `/commits/main/check-runs`)).body).toMatchObject({
      total_count: 1,
      check_runs: [{ name: 'loader' }],
    });
    expect((await call('POST', '/check-runs', { name: 'loader', head_sha: sha })).status).toBe(403);
  });

  it.each([
    [{ event_type: 'data', client_payload: { text: 'x'.repeat(65_536) } }, 422],
    [{ event_type: 'data', client_payload: { text: 'x'.repeat(65_000) } }, 204],
  ])('limits the payload of a dispatch to less than 64 KB', async (body, status) => {
    expect((await call('POST', '/dispatches', body)).status).toBe(status);
  });

  it('takes at most ten keys in the payload of a dispatch', async () => {
    const payload = (count: number) => Object.fromEntries([...Array(count).keys()].map((key) => [`key-${key}`, 1]));
    const send = async (count: number) =>
      (await call('POST', '/dispatches', { event_type: 'data', client_payload: payload(count) })).status;
    expect([await send(10), await send(11)]).toEqual([204, 422]);
  });

  it('names a run by run-name, which sees the event', async () => {
    const name =
      "${{ github.event.client_payload.request-id && format('Data, {0}', github.event.client_payload.request-id) }}";
    const workflow = (runName: string) =>
      `name: Data\nrun-name: ${runName}\non: { repository_dispatch: {}, workflow_dispatch: {} }\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }\n`;
    standIn.createRepository('acme/named');
    const path = standIn.repositoryPath('acme/named');
    const send = (body: Json) => call('POST', '/repos/acme/named/dispatches', { event_type: 'data', ...body });
    createCommit(path, workflow(name));
    await send({ client_payload: { 'request-id': 'a1' } });
    await send({});
    await call('POST', '/repos/acme/named/actions/workflows/ci.yml/dispatches', { ref: 'main' });
    createCommit(path, workflow('${{ secrets.A }}'));
    await send({});
    const { body } = await call('GET', '/repos/acme/named/actions/runs');
    const titles = (body['workflow_runs'] as Json[]).map(({ display_title: title }) => title);
    expect(titles).toEqual(['data', 'Data', 'data', 'Data, a1']);
  });

  it('puts the newest status of each context of a commit together', async () => {
    standIn.createRepository('acme/marked');
    const head = createCommit(standIn.repositoryPath('acme/marked'));
    const combined = async () => (await call('GET', '/repos/acme/marked/commits/HEAD/status')).body;
    expect(await combined()).toMatchObject({ state: 'pending', total_count: 0 });
    const say = (context: string, state: string) =>
      call('POST', `/repos/acme/marked/statuses/${head}`, { context, state });
    await say('data-uploaded/a1', 'pending');
    await say('lint', 'success');
    expect(await combined()).toMatchObject({ state: 'pending', total_count: 2 });
    await say('data-uploaded/a1', 'success');
    expect(await combined()).toMatchObject({ state: 'success', sha: head });
    await say('lint', 'error');
    const { statuses, state } = await combined();
    expect([state, (statuses as Json[]).map((one) => [one['context'], one['state']])]).toEqual([
      'failure',
      [
        ['lint', 'error'],
        ['data-uploaded/a1', 'success'],
      ],
    ]);
  });

  it('tells why a run could not begin, and lets it be run again', async () => {
    const workflow =
      'on: { workflow_dispatch: { inputs: { who: { required: true } } } }\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }\n';
    createCommit(standIn.repositoryPath('acme/site'), workflow);
    const dispatches = '/actions/workflows/ci.yml/dispatches';
    expect((await call('POST', dispatches, { ref: 'main' })).body['message']).toBe("Required input 'who' not provided");
    expect((await call('POST', dispatches, { ref: 'nowhere', inputs: { who: 'me' } })).status).toBe(422);
    expect((await call('POST', '/actions/workflows/other.yml/dispatches', { ref: 'main' })).status).toBe(404);
    const started = await call('POST', dispatches, { ref: 'main', inputs: { who: 'me' }, return_run_details: true });
    const id = String(started.body['workflow_run_id']);
    const ended = async () => (await fetch(`${standIn.url}/stand-in/runs/${id}/events`)).text();
    expect(await ended()).toContain('spawn /nowhere/act ENOENT');
    expect((await call('GET', `/actions/runs/${id}`)).body).toMatchObject({
      status: 'completed',
      conclusion: 'startup_failure',
      run_attempt: 1,
      run_number: 1,
    });
    expect((await call('POST', `/actions/runs/${id}/cancel`)).status).toBe(409);
    expect((await call('POST', `/actions/runs/${id}/rerun`)).status).toBe(201);
    await ended();
    expect((await call('GET', `/actions/runs/${id}`)).body).toMatchObject({ run_attempt: 2, run_number: 1 });
    expect((await call('GET', '/actions/runs?event=workflow_dispatch&status=startup_failure')).status).toBe(422);
    expect((await call('GET', '/actions/runs?event=workflow_dispatch&status=completed')).body['total_count']).toBe(1);
  });

  it('gave no answer that GitHub would not give', () => {
    expect(standIn.violations.filter(({ side }) => side === 'answer')).toEqual([]);
    expect(log.filter((line) => line.startsWith('500'))).toEqual([]);
  });
});

/** A commit on main of a bare repository, with a workflow ci.yml or empty. */
function createCommit(path: string, workflow?: string): string {
  const tree =
    workflow === undefined ? git(path, 'hash-object', '-w', '-t', 'tree', '/dev/null') : workflowTree(path, workflow);
  const sha = git(
    path,
    '-c',
    'user.name=dev',
    '-c',
    'user.email=dev@example.org',
    'commit-tree',
    '-m',
    'A commit',
    tree,
  );
  git(path, 'update-ref', 'refs/heads/main', sha);
  return sha;
}

/** `git mktree` takes the entries on its input, so the index of a throw-away work tree is used instead. */
function workflowTree(path: string, workflow: string): string {
  const work = mkdtempSync(join(tmpdir(), 'work-'));
  mkdirSync(join(work, '.github/workflows'), { recursive: true });
  writeFileSync(join(work, '.github/workflows/ci.yml'), workflow);
  git(path, '--work-tree', work, 'add', '-A');
  rmSync(work, { recursive: true });
  return git(path, 'write-tree');
}

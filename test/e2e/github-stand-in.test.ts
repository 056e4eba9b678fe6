import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { StandInClient } from '@delivery/testing/github/client';
import { git } from '@delivery/testing/github/git';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { readState } from '../ground/state.ts';

/** Files of the repository `acme/suite`, which others call at `v1`: a callable workflow and an action of its own. */
const suite = {
  '.github/workflows/greet.yml': `
    name: greet
    on:
      workflow_call:
        inputs: { who: { type: string, required: true }, loud: { type: boolean, default: false } }
        secrets: { PASSWORD: { required: true } }
        outputs: { greeting: { value: "\${{ jobs.greet.outputs.greeting }}" } }
    jobs:
      greet:
        runs-on: ubuntu-latest
        outputs: { greeting: "\${{ steps.hello.outputs.greeting }}" }
        steps:
          - uses: actions/checkout@v4
          - run: 'test -f who.txt && test "$PASSWORD" = "$EXPECTED"'
            env: { PASSWORD: "\${{ secrets.PASSWORD }}", EXPECTED: "\${{ vars.EXPECTED }}" }
          - id: hello
            uses: acme/suite/actions/hello@v1
            with: { who: "\${{ inputs.who }}", loud: "\${{ inputs.loud }}", token: "\${{ github.token }}" }
          - if: always()
            run: echo "always step"
  `,
  'actions/hello/action.yml': `
    name: hello
    description: greets
    inputs: { who: { required: true }, loud: {}, token: {} }
    outputs: { greeting: { description: what it said } }
    runs: { using: node24, main: main.mjs }
  `,
  'actions/hello/main.mjs': `
    import { appendFileSync } from 'node:fs';
    const { INPUT_WHO, INPUT_LOUD, INPUT_TOKEN, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SHA } = process.env;
    const greeting = (INPUT_LOUD === 'true' ? 'HELLO ' : 'hello ') + INPUT_WHO;
    appendFileSync(GITHUB_OUTPUT, 'greeting=' + greeting + '\\n');
    appendFileSync(GITHUB_STEP_SUMMARY, '## Greeted ' + INPUT_WHO + '\\n');
    console.log('::warning file=who.txt,line=1,title=Greeting::' + greeting);
    console.log('node ' + process.versions.node.split('.')[0]);
    const { GITHUB_RUN_ID, GITHUB_RUN_NUMBER, GITHUB_RUN_ATTEMPT, GITHUB_REF, GITHUB_ACTOR, GITHUB_SERVER_URL } = process.env;
    console.log('RUN ' + JSON.stringify({ GITHUB_RUN_ID, GITHUB_RUN_NUMBER, GITHUB_RUN_ATTEMPT, GITHUB_REF, GITHUB_SHA, GITHUB_ACTOR, GITHUB_SERVER_URL }));
    const post = (path, body) => fetch(GITHUB_API_URL + '/repos/' + GITHUB_REPOSITORY + path, { method: 'POST', headers: { authorization: 'Bearer ' + INPUT_TOKEN }, body: JSON.stringify(body) });
    console.log('status answered ' + (await post('/statuses/' + GITHUB_SHA, { state: 'success', context: 'greeting' })).status);
    console.log('deployment answered ' + (await post('/deployments', { ref: GITHUB_SHA })).status);
  `,
};

const caller = {
  'who.txt': 'world\n',
  '.github/workflows/ci.yml': `
    name: CI
    on: { push: { branches: [main], paths-ignore: ['docs/**'] } }
    permissions: { contents: read, statuses: write }
    jobs:
      greet:
        uses: acme/suite/.github/workflows/greet.yml@v1
        with: { who: world }
        secrets: inherit
      after:
        needs: greet
        runs-on: ubuntu-latest
        steps: [{ run: 'echo "after: $SAID on \${{ github.ref_name }} at \${{ github.sha }}"', env: { SAID: "\${{ needs.greet.outputs.greeting }}" } }]
  `,
  '.github/workflows/by-hand.yml': `
    name: By hand
    on:
      workflow_dispatch: { inputs: { who: { required: true }, loud: { type: boolean, default: true } } }
      repository_dispatch: { types: [greet] }
    jobs:
      greet:
        uses: acme/suite/.github/workflows/greet.yml@v1
        with: { who: "\${{ inputs.who || github.event.client_payload.who }}", loud: "\${{ inputs.loud || false }}" }
        secrets: { PASSWORD: "\${{ secrets.PASSWORD }}" }
  `,
  '.github/workflows/wait.yml': `
    name: Wait
    on: { workflow_dispatch: { inputs: { code: { required: true } } } }
    jobs:
      wait:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: exec node wait.mjs \${{ inputs.code }}
          - run: echo "next step"
          - if: always()
            run: echo "always step"
  `,
  '.github/workflows/windows.yml': `
    name: Windows
    on: workflow_dispatch
    jobs: { there: { runs-on: windows-latest, steps: [{ run: echo there }] } }
  `,
  'wait.mjs': `
    process.on('SIGINT', () => { console.log('got SIGINT'); process.exit(Number(process.argv[2])); });
    await fetch(process.env.TEST_URL);
    setInterval(() => undefined, 1000);
  `,
};

function writeFiles(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

function commit(dir: string, message: string): string {
  git(dir, 'add', '-A');
  git(dir, '-c', 'user.name=dev', '-c', 'user.email=dev@example.org', 'commit', '-qm', message);
  return git(dir, 'rev-parse', 'HEAD');
}

// A run takes about a second where nothing else is going on.
jest.setTimeout(60_000);

describe('the stand-in for GitHub with a real runner', () => {
  const password = 'p$a"s\\s w0rd';
  const dir = mkdtempSync(join(tmpdir(), 'stand-in-'));
  const clone = join(dir, 'clone');
  const serverLog: string[] = [];
  let standIn: GitHubStandIn;
  let client: StandInClient;
  const waiting: (() => void)[] = [];
  const signpost = createServer((_, response) => {
    response.end();
    waiting.shift()?.();
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => signpost.listen(0, '127.0.0.1', resolve));
    writeFiles(join(dir, 'suite'), suite);
    const testUrl = `http://127.0.0.1:${(signpost.address() as AddressInfo).port}/`;
    standIn = await GitHubStandIn.start({
      host: '127.0.0.1',
      port: 0,
      dataDir: join(dir, 'data'),
      config: {
        act: readState().programs.act,
        localRepositories: { 'acme/suite@v1': join(dir, 'suite') },
        secrets: { PASSWORD: password },
        vars: { EXPECTED: password },
        env: { TEST_URL: testUrl },
        homeLinks: {},
      },
      log: (line) => serverLog.push(line),
    });
    client = new StandInClient(standIn.url);
    const { cloneUrl } = await client.createRepository('acme/site');
    mkdirSync(clone);
    git(clone, 'init', '-q', '-b', 'main');
    git(clone, 'remote', 'add', 'origin', cloneUrl);
  });

  afterAll(async () => {
    await standIn.stop();
    signpost.close();
    rmSync(dir, { recursive: true });
  });

  /** Not with the synchronous git: the stand-in lives in this process and has to answer meanwhile. */
  async function push(remote: string, refs: string): Promise<void> {
    await promisify(execFile)('git', ['-C', clone, 'push', '-q', remote, refs]);
  }

  async function pushed(sha: string): Promise<number[]> {
    return client.runIds('acme/site', { head_sha: sha, event: 'push' });
  }

  async function startWaiting(code: number): Promise<number> {
    const begun = new Promise<void>((resolve) => waiting.push(resolve));
    const id = await client.startWorkflow('acme/site', 'wait.yml', 'main', { code });
    await begun;
    return id;
  }

  it('runs the called workflow and its node24 action on a push over http, and keeps summary, annotations and log', async () => {
    writeFiles(clone, caller);
    const sha = commit(clone, 'First');
    await push('origin', 'main');
    const [id = 0, ...more] = await pushed(sha);
    const run = await client.waitForRun(id);
    const log = await client.log(id);

    expect(more).toEqual([]);
    expect({ conclusion: run.conclusion, log: run.conclusion === 'success' ? '' : log }).toEqual({
      conclusion: 'success',
      log: '',
    });
    expect(run.jobs.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ['greet/greet/greet', 'success'],
      ['after', 'success'],
    ]);
    expect(await client.summary(id)).toContain('## Greeted world');
    expect(await client.annotations(id)).toEqual([
      {
        level: 'warning',
        message: 'hello world',
        title: 'Greeting',
        file: 'who.txt',
        line: 1,
        job: 'greet/greet/greet',
        step: 'acme/suite/actions/hello@v1',
      },
    ]);
    expect(log).toContain(`after: hello world on main at ${sha}`);
    expect(log).toContain('node 24');
    expect(log).not.toContain(password);
    const told = JSON.parse(/RUN (.*)/.exec(log)?.[1] ?? '') as object;
    expect(told).toEqual({
      GITHUB_RUN_ID: String(id),
      GITHUB_RUN_NUMBER: '1',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: sha,
      GITHUB_ACTOR: 'operator',
      GITHUB_SERVER_URL: standIn.url,
    });
  });

  it('lets the token of a run do what its workflow grants and nothing else', async () => {
    const [id = 0] = await client.runIds('acme/site', { event: 'push' });
    const log = await client.log(id);
    expect(log).toContain('status answered 201');
    expect(log).toContain('deployment answered 403');
  });

  it('runs a run again with the same number and one attempt more, and keeps the first one', async () => {
    const [id = 0] = await client.runIds('acme/site', { event: 'push' });
    await client.rerun(await client.run(id));
    const run = await client.waitForRun(id);
    expect({ attempt: run.attempt, number: run.runNumber, conclusion: run.conclusion }).toEqual({
      attempt: 2,
      number: 1,
      conclusion: 'success',
    });
    expect(await client.log(id)).toContain('"GITHUB_RUN_NUMBER":"1","GITHUB_RUN_ATTEMPT":"2"');
    expect(readFileSync(join(dir, 'data/runs', String(id), 'attempt-1/log.txt'), 'utf8')).toContain(
      '"GITHUB_RUN_ATTEMPT":"1"',
    );
  });

  it('starts nothing for a push of ignored paths or to another branch, and takes a push by path', async () => {
    await push(standIn.repositoryPath('acme/site'), 'main:other');
    writeFiles(clone, { 'docs/a.md': 'x' });
    const sha = commit(clone, 'Docs');
    await push(standIn.repositoryPath('acme/site'), 'main');
    expect(await pushed(sha)).toEqual([]);
    writeFiles(clone, { 'who.txt': 'moon\n' });
    const next = commit(clone, 'Moon');
    await push(standIn.repositoryPath('acme/site'), 'main');
    const [id = 0] = await pushed(next);
    expect((await client.waitForRun(id)).runNumber).toBe(2);
  });

  it('starts a workflow by hand with its inputs, booleans and defaults included', async () => {
    const id = await client.startWorkflow('acme/site', 'by-hand.yml', 'main', { who: 'hand' });
    expect((await client.waitForRun(id)).conclusion).toBe('success');
    expect((await client.annotations(id)).map(({ message }) => message)).toEqual(['HELLO hand']);
  });

  it('starts the workflows of a repository dispatch with its payload', async () => {
    await client.dispatch('acme/site', 'greet', { who: 'caller' });
    const [id = 0] = await client.runIds('acme/site', { event: 'repository_dispatch' });
    expect((await client.waitForRun(id)).conclusion).toBe('success');
    expect((await client.annotations(id)).map(({ message }) => message)).toEqual(['hello caller']);
    await client.dispatch('acme/site', 'something-else');
    expect(await client.runIds('acme/site', { event: 'repository_dispatch' })).toEqual([id]);
  });

  it('cancels as the real runner does: the step gets SIGINT, steps that run always still run, the others do not', async () => {
    const id = await startWaiting(1);
    await client.cancel(await client.run(id));
    const run = await client.waitForRun(id);
    const log = await client.log(id);
    expect(run.conclusion).toBe('cancelled');
    expect(log).toContain('got SIGINT');
    expect(log).toContain('wait | always step');
    expect(log).not.toContain('wait | next step');
  });

  it('calls a run cancelled whose step ended well in spite of it', async () => {
    const id = await startWaiting(0);
    await client.cancel(await client.run(id));
    const run = await client.waitForRun(id);
    expect(run.conclusion).toBe('cancelled');
    expect(await client.log(id)).toContain('got SIGINT');
  });

  it('does not call a run green whose job no runner can take', async () => {
    const id = await client.startWorkflow('acme/site', 'windows.yml', 'main');
    const run = await client.waitForRun(id);
    expect(run.conclusion).toBe('startup_failure');
    expect(run.problem).toBe('no runner has the label that job there asks for');
  });

  it('has taken and given only what GitHub describes, and leaves nothing of a run behind but its folder', async () => {
    expect(await client.violations()).toEqual([]);
    expect(serverLog.filter((line) => line.startsWith('500'))).toEqual([]);
    expect(existsSync(join(dir, 'data/scratch', '1-1'))).toBe(false);
  });
});

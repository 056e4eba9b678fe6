import { readBuild } from '@delivery/core/action/resolve-build';
import type { Run } from '@delivery/testing/github/run';
import type { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { accountSecrets } from '../road/accounts.ts';
import { Clone, startGitHub } from '../road/forge.ts';
import { groundRegistry } from '../road/registry.ts';
import { stackNamespace, StackProject } from '../road/stack-project.ts';

// The suite's own workflow, run by act for a push to the example stack, on the ground: nothing is faked but GitHub itself.

const state = readState();
const registry = groundRegistry(state);
const repository = { host: state.registries.basic.host, path: 'fragalysis-dev/web-stream' };
const never = new AbortController().signal;
let project: StackProject;
let gitHub: GitHubStandIn;
let clone: Clone;

interface Version {
  readonly build: number;
  readonly commit: string;
}

async function served(): Promise<Version> {
  const page = await project.page('/version/');
  expect(page).toMatch(/^200 /);
  return JSON.parse(page.slice('200 '.length)) as Version;
}

const tagOf = ({ runNumber }: Run): string => `latest-${runNumber}`;

async function digestOf(tag: string): Promise<string | undefined> {
  return (await registry.readManifest(repository, tag, never))?.digest;
}

async function labelsOf(tag: string): Promise<Readonly<Record<string, string>> | undefined> {
  return (await readBuild(tag, repository, registry, never))?.labels;
}

/** The run's conclusion; what it printed when it is another than expected. */
async function expectConclusion(run: Run, conclusion: Run['conclusion']): Promise<void> {
  if (run.conclusion !== conclusion) throw new Error(`${run.conclusion ?? 'none'}:\n${await clone.client.log(run.id)}`);
}

interface Deployment {
  readonly id: number;
  readonly environment: string;
  readonly sha: string;
}

async function deployments(sha: string): Promise<{ environment: string; states: string[] }[]> {
  const get = async <T>(path: string): Promise<T> => {
    const headers = { authorization: 'Bearer token-of-an-operator' };
    const answer = await fetch(`${gitHub.url}/repos/acme/stack/${path}`, { headers });
    return (await answer.json()) as T;
  };
  const found = await get<Deployment[]>(`deployments?sha=${sha}`);
  return Promise.all(
    found.map(async ({ id, environment }) => {
      const statuses = await get<{ state: string }[]>(`deployments/${id}/statuses`);
      return { environment, states: statuses.map((status) => status.state) };
    }),
  );
}

beforeAll(async () => {
  project = await StackProject.create(state);
  gitHub = await startGitHub(state, await accountSecrets(state));
  clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
});

afterAll(async () => {
  await gitHub.stop();
  await project.remove();
});

describe('the road from git push to the page of TEST', () => {
  let second: Run;

  it('brings the first push to a pod that answers over HTTP', async () => {
    const run = await clone.deliver('First');
    await expectConclusion(run, 'success');
    expect(await served()).toMatchObject({ build: run.runNumber, commit: run.sha });
  });

  it('brings the next push to all three workloads, with latest and latest-N of one digest and its labels', async () => {
    clone.edit('targets/templates/targets/index.html', (text) => text.replace('<h1>', '<h1>Changed: '));
    second = await clone.deliver('Second');
    await expectConclusion(second, 'success');
    expect(await served()).toMatchObject({ build: second.runNumber, commit: second.sha });
    expect(await project.page('/')).toContain('Changed: ');
    const digest = await digestOf(tagOf(second));
    expect(await digestOf('latest')).toBe(digest);
    expect(await labelsOf(tagOf(second))).toMatchObject({
      'build.number': String(second.runNumber),
      'org.opencontainers.image.revision': second.sha,
      'org.opencontainers.image.source': expect.stringMatching(/\/acme\/stack$/),
      'org.opencontainers.image.created': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      'org.opencontainers.image.version': String(second.runNumber),
    });
    expect(await project.images()).toEqual(Array(3).fill(`${repository.host}/${repository.path}@${digest}`));
  });

  it('records the deployment at GitHub, and sends nothing that GitHub does not describe', async () => {
    const [record] = await deployments(second.sha);
    expect(record?.environment).toBe('test');
    expect(record?.states).toEqual(expect.arrayContaining(['in_progress', 'success']));
    expect(gitHub.violations).toEqual([]);
  });

  it('shows a person what happened in the job summary', async () => {
    const summary = await clone.client.summary(second.id);
    expect(summary).toContain('🟢 build-and-tag: success');
    expect(summary).toContain('🟢 deploy-test: success');
    expect(summary).toContain(tagOf(second));
  });

  it('changes nothing on a re-run of the same commit', async () => {
    const before = await digestOf(tagOf(second));
    await clone.client.rerun(second);
    const again = await clone.client.waitForRun(second.id);
    await expectConclusion(again, 'success');
    expect(again.attempt).toBe(2);
    expect(await digestOf(tagOf(second))).toBe(before);
    expect(await digestOf('latest')).toBe(before);
    expect(await served()).toMatchObject({ build: second.runNumber });
  });

  it('turns red with the reason for a build that cannot start, and TEST goes on serving the last healthy one', async () => {
    clone.edit('manage.py', (text) => `import no_such_module\n${text}`);
    const run = await clone.deliver('Broken');
    await expectConclusion(run, 'failure');
    const summary = await clone.client.summary(run.id);
    expect(summary).toContain('🔴 deploy-test: failure');
    expect(summary).toContain('no_such_module');
    expect(await served()).toMatchObject({ build: second.runNumber });
    expect(await project.images()).toEqual(
      Array(3).fill(`${repository.host}/${repository.path}@${await digestOf(tagOf(second))}`),
    );
    const [record] = await deployments(run.sha);
    expect(record?.states).toContain('failure');
  });

  it('delivers the mended commit after it', async () => {
    clone.edit('manage.py', (text) => text.replace('import no_such_module\n', ''));
    const run = await clone.deliver('Mended');
    await expectConclusion(run, 'success');
    expect(await served()).toMatchObject({ build: run.runNumber, commit: run.sha });
  });

  it('brings an earlier build back by the form, and builds nothing', async () => {
    const latest = await digestOf('latest');
    const id = await clone.client.startWorkflow('acme/stack', 'deliver.yml', 'main', { build: tagOf(second) });
    const run = await clone.client.waitForRun(id);
    await expectConclusion(run, 'success');
    expect(await served()).toMatchObject({ build: second.runNumber, commit: second.sha });
    expect(await digestOf(tagOf(run))).toBeUndefined();
    expect(await digestOf('latest')).toBe(latest);
  });

  it('prints no secret in any log, summary or annotation', async () => {
    const secrets = await project.secretValues();
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    for (const id of await clone.client.runIds('acme/stack')) {
      const annotations = JSON.stringify(await clone.client.annotations(id));
      const texts = [await clone.client.log(id), await clone.client.summary(id), annotations];
      for (const secret of secrets) expect(texts.some((text) => text.includes(secret))).toBe(false);
    }
  });

  it('runs under an account that can read no secret, and nothing at all where it is not let in', async () => {
    const may = (account: string) => {
      const as = `system:serviceaccount:fragalysis-cicd:${account}`;
      return project.kubectl.run(['-n', stackNamespace, 'auth', 'can-i', '--list', '--as', as]);
    };
    expect(await may('web-image')).toContain('pods/log');
    expect(await may('web-image')).not.toMatch(/^secrets|^\*/m);
    expect(await may('promote')).not.toContain('pods');
  });
});

import { readBuild } from '@delivery/core/action/resolve-build';
import type { Run } from '@delivery/testing/github/run';
import type { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { accountSecrets } from '../road/accounts.ts';
import { Calls } from '../road/calls.ts';
import { Clone, startGitHub } from '../road/forge.ts';
import type { LoaderJob } from '../road/loader-jobs.ts';
import { HeldJob, loaderJobs } from '../road/loader-jobs.ts';
import { groundRegistry } from '../road/registry.ts';
import { StackProject } from '../road/stack-project.ts';

// Scenarios 3 to 6 of the domain by the suite's own workflows: a call, a push or the form builds the loader image and launches it in
// TEST, PRODUCTION and RIC of the example stack. Nothing is faked but GitHub itself.

const state = readState();
const registry = groundRegistry(state);
const repository = { host: state.registries.basic.host, path: 'fragalysis-dev/loader-stream' };
const never = new AbortController().signal;
let gitHub: GitHubStandIn;
let clone: Clone;
let calls: Calls;
let test: StackProject;
let production: StackProject;
let ric: StackProject;
/** Names of data directories, each newer than what the registry's image holds, so that the tests can run twice on one ground. */
let origins: string[];

async function latest(): Promise<{ digest: string; labels: Readonly<Record<string, string>> } | undefined> {
  return readBuild('latest', repository, registry, never);
}

async function origin(): Promise<string | undefined> {
  return (await latest())?.labels['data.origin'];
}

/** The one Job of the loader that a project has. */
async function jobOf(project: StackProject): Promise<LoaderJob> {
  const jobs = await loaderJobs(project);
  expect(jobs).toHaveLength(1);
  return jobs[0] as LoaderJob;
}

async function uids(): Promise<string[]> {
  const jobs = await Promise.all([test, production, ric].map(loaderJobs));
  return jobs.flat().map(({ uid }) => uid);
}

/** Checks that the project's only Job is a completed one of the newest loader image. */
async function expectLoaded(project: StackProject): Promise<void> {
  const image = `${repository.host}/${repository.path}@${(await latest())?.digest}`;
  expect(await jobOf(project)).toMatchObject({ image, ended: 'Complete' });
}

async function expectConclusion(run: Run, conclusion: Run['conclusion']): Promise<void> {
  if (run.conclusion !== conclusion) {
    const log = await clone.client.log(run.id);
    throw new Error(`${run.workflow.path} ended as ${run.conclusion ?? 'nothing'}: ${run.problem ?? ''}\n${log}`);
  }
}

async function answerTo(requestId: string): Promise<string | undefined> {
  const [newest] = await calls.answers(requestId);
  return newest && `${newest.state}: ${newest.description}`;
}

async function latestNumber(): Promise<string> {
  return (await latest())?.labels['build.number'] ?? '';
}

/** Versions that no earlier suite on this ground has used. */
const year = 2100 + Math.floor(Math.random() * 7_000);

async function promote(build: string, release: number): Promise<Run> {
  const inputs = { image: 'loader', build, version: `${year}.09.${release}` };
  return clone.client.waitForRun(await clone.client.startWorkflow('acme/stack', 'promote.yml', 'main', inputs));
}

beforeAll(async () => {
  const before = (await origin())?.slice(0, 10) ?? '2026-09-14';
  const days = Array.from({ length: 5 }, (_, day) => new Date(Date.parse(before) + (day + 1) * 86_400_000));
  origins = days.map((day) => `${day.toISOString().slice(0, 10)}T16`);
  test = await StackProject.create(state);
  gitHub = await startGitHub(state, await accountSecrets(state));
  clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
  calls = new Calls(clone.client, 'acme/stack', 'data-uploaded');
  const first = await clone.deliver('A stack to load into');
  await expectConclusion(first, 'success');
  // The first push of all starts the loader's workflow too, which finds no data.
  for (const id of await clone.client.runIds('acme/stack', { head_sha: first.sha })) await clone.client.waitForRun(id);
  [production, ric] = await Promise.all([StackProject.create(state, 'production'), StackProject.create(state, 'ric')]);
});

afterAll(async () => {
  await gitHub.stop();
  await Promise.all([test, production, ric].map((project) => project.remove()));
});

describe('a call that tells of new data', () => {
  it('builds the loader for it, loads it in every project, and is answered with the address of the run', async () => {
    test.data.deposit(origins[0] ?? '');
    const run = await calls.call({ 'request-id': 'upload-1' });
    await expectConclusion(run, 'success');
    expect(run.title).toBe('Loader, upload-1');
    expect((await latest())?.labels).toMatchObject({
      'data.origin': origins[0],
      'build.number': String(run.runNumber),
    });
    for (const project of [test, production, ric]) {
      await expectLoaded(project);
      const page = await project.page('/');
      for (const target of ['NUDT7A', 'MURD', 'HAO1A']) expect(page).toContain(`<td>${target}</td>`);
    }
    const answers = await calls.answers('upload-1');
    expect(answers.map((answer) => answer.state)).toEqual(['success', 'pending']);
    expect(answers[0]?.target_url).toBe(`${gitHub.url}/acme/stack/actions/runs/${run.id}`);
  });

  it('ends well and changes nothing when there is no new data', async () => {
    const before = [(await latest())?.digest, await uids()];
    await expectConclusion(await calls.call({ 'request-id': 'upload-2' }), 'success');
    expect([(await latest())?.digest, await uids()]).toEqual(before);
    expect(await answerTo('upload-2')).toBe('success: Skipped: no new data');
  });

  it('builds and loads again when it is forced', async () => {
    const before = await uids();
    const run = await calls.call({ 'request-id': 'upload-3', force: true });
    await expectConclusion(run, 'success');
    expect((await latest())?.labels['build.number']).toBe(String(run.runNumber));
    for (const uid of await uids()) expect(before).not.toContain(uid);
    await expectLoaded(test);
  });

  it('is refused by name while READY stands without TARGET_LIST, and nothing is built', async () => {
    const before = (await latest())?.digest;
    test.data.deposit(origins[1] ?? '', { targetList: false });
    const run = await calls.call({ 'request-id': 'upload-4' });
    await expectConclusion(run, 'failure');
    expect(await clone.client.summary(run.id)).toMatch(
      new RegExp(`${origins[1]}[^]*TARGET_LIST|TARGET_LIST[^]*${origins[1]}`),
    );
    expect(await answerTo('upload-4')).toMatch(/^failure: /);
    expect((await latest())?.digest).toBe(before);
  });
});

describe('a project whose loader Job still runs', () => {
  let held: HeldJob;

  it('is left alone and told of in yellow, while the others load', async () => {
    held = await HeldJob.start(ric, `${repository.host}/${repository.path}:latest`);
    const busy = (await loaderJobs(ric)).find(({ name }) => name === 'held');
    test.data.deposit(origins[2] ?? '', { targets: ['MPRO'] });
    const run = await calls.call({ 'request-id': 'upload-5' });
    await expectConclusion(run, 'success');
    for (const project of [test, production]) {
      await expectLoaded(project);
      expect(await project.page('/')).toContain('<td>MPRO</td>');
    }
    expect(await loaderJobs(ric)).toContainEqual(busy);
    expect(await ric.page('/')).not.toContain('MPRO');
    const warnings = (await clone.client.annotations(run.id)).filter(({ level }) => level === 'warning');
    expect(warnings.map(({ message }) => message).join('\n')).toContain('ric');
    expect(await clone.client.summary(run.id)).toContain('🟡 launch-loader: unstable');
    expect(await answerTo('upload-5')).toMatch(/^success: Unstable: .*\["ric"\]/);
  });

  it('gets the next loader image, in the place of its Job that is complete by then', async () => {
    await held.release();
    test.data.deposit(origins[3] ?? '', { targets: ['ZIKA'] });
    await expectConclusion(await calls.call({ 'request-id': 'upload-6' }), 'success');
    for (const project of [test, production, ric]) await expectLoaded(project);
    expect(await ric.page('/')).toContain('<td>ZIKA</td>');
    expect(await answerTo('upload-6')).toMatch(/^success: /);
  });
});

describe('the promotion of a loader', () => {
  it('launches the very digest of TEST in PRODUCTION and RIC, but not beside one that runs', async () => {
    const held = await HeldJob.start(ric, `${repository.host}/${repository.path}:latest`);
    const before = await Promise.all([test, ric].map(loaderJobs));
    const run = await promote(await latestNumber(), 1);
    await expectConclusion(run, 'success');
    expect(await clone.client.summary(run.id)).toContain('🟡 promote-stable: unstable');
    const image = `${repository.host}/fragalysis-prod/loader-stream@${(await latest())?.digest}`;
    expect(await jobOf(production)).toMatchObject({ image, ended: 'Complete' });
    expect(await Promise.all([test, ric].map(loaderJobs))).toEqual(before);
    await held.release();
  });
});

describe('a Job that is complete and has not loaded', () => {
  it('turns the run red, with what it logged', async () => {
    const broken = origins[4] ?? '';
    test.data.deposit(broken, { missing: 'GHOST' });
    const run = await calls.call({ 'request-id': 'upload-7' });
    await expectConclusion(run, 'failure');
    await expectLoaded(test); // Complete: that is why it proves nothing
    expect(await clone.client.summary(run.id)).toContain('no directory for the target GHOST');
    expect(await answerTo('upload-7')).toMatch(/^failure: .*"test"/);
    rmSync(join(test.data.root, broken), { recursive: true });
  });

  it('keeps its loader from being promoted', async () => {
    const before = await uids();
    const run = await promote(await latestNumber(), 2);
    await expectConclusion(run, 'failure');
    expect(await clone.client.summary(run.id)).toContain('failed when it was last tried');
    expect(await uids()).toEqual(before);
  });
});

describe('without a call', () => {
  it('a push to the loader builds it for the newest data and launches it, and leaves the stack alone', async () => {
    clone.edit('loader/load.py', (text) => text.replace('{name}: done', '{name}: is done'));
    const run = await clone.deliver('A change of the loader', undefined, 'loader.yml');
    await expectConclusion(run, 'success');
    expect(await origin()).toBe(origins[3]);
    await expectLoaded(ric);
    const started = await clone.client.runIds('acme/stack', { head_sha: run.sha });
    expect(started).toEqual([run.id]);
  });

  it('the form launches in the project that is asked for and in no other', async () => {
    const before = await Promise.all([test, production].map(jobOf));
    const id = await clone.client.startWorkflow('acme/stack', 'loader.yml', 'main', { projects: 'ric', force: true });
    await expectConclusion(await clone.client.waitForRun(id), 'success');
    await expectLoaded(ric);
    expect(await Promise.all([test, production].map(jobOf))).toEqual(before);
  });
});

describe('a push to a repository whose code goes into the stack', () => {
  let frontend: Clone;

  beforeAll(async () => {
    frontend = await Clone.create(state, gitHub.url, 'acme/frontend', join(repositoryRoot, 'examples/frontend'));
  });

  it('has the stack built, and says where', async () => {
    const before = await clone.client.runIds('acme/stack', { event: 'workflow_dispatch' });
    await expectConclusion(await frontend.deliver('A change', undefined, 'stack.yml'), 'success');
    const [id = 0, ...others] = await clone.client.runIds('acme/stack', { event: 'workflow_dispatch' });
    expect(others).toEqual(before);
    const built = await clone.client.run(id);
    await expectConclusion(built, 'success');
    expect(JSON.parse((await test.page('/version/')).slice(4))).toMatchObject({ build: built.runNumber });
  });

  it('is red when the stack cannot be built', async () => {
    clone.edit('Dockerfile', (text) => `${text}RUN exit 1\n`);
    await expectConclusion(await clone.deliver('Cannot be built'), 'failure');
    const run = await frontend.deliver('Another change', undefined, 'stack.yml');
    await expectConclusion(run, 'failure');
    expect(await frontend.client.summary(run.id)).toContain('/acme/stack/actions/runs/');
    clone.edit('Dockerfile', (text) => text.replace('RUN exit 1\n', ''));
    await expectConclusion(await clone.deliver('Can be built again'), 'success');
  });
});

it('sends nothing that GitHub does not describe, and prints no secret', async () => {
  expect(gitHub.violations).toEqual([]);
  const secrets = new Set((await Promise.all([test, production, ric].map((one) => one.secretValues()))).flat());
  expect(secrets.size).toBeGreaterThanOrEqual(7);
  const ids = [...(await clone.client.runIds('acme/stack')), ...(await clone.client.runIds('acme/frontend'))];
  for (const id of ids) {
    const annotations = JSON.stringify(await clone.client.annotations(id));
    const texts = [await clone.client.log(id), await clone.client.summary(id), annotations];
    for (const secret of secrets) expect(texts.some((text) => text.includes(secret))).toBe(false);
  }
});

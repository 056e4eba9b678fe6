import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { GuideGitHub } from '../road/guide-gh.ts';
import { GuideShell } from '../road/guide-shell.ts';
import { fillIn, readGuide } from '../road/guide.ts';
import { Kubectl } from '../road/kubectl.ts';

// docs/adopting.md, followed word for word: its blocks in one shell, with other values in the first one and nothing else. Its `gh` is
// this test's, since the stand-in is no GitHub that the real one could speak to; the form of a workflow is its call by the API.

const state = readState();
const { basic } = state.registries;
const id = randomBytes(4).toString('hex');
const repository = `acme/board-${id}`;
const { shell: blocks } = readGuide(join(repositoryRoot, 'docs/adopting.md'));
const namespaces = ['board-preview', 'board-live'];
const [preview, live] = [state.pages.test, state.pages.production];
const kubectl = new Kubectl(state);
const dir = mkdtempSync(join(state.directories.run, 'adopting-'));
let gitHub: GuideGitHub;
let shell: GuideShell;
const took: number[] = [];

const removeAll = () => Promise.all(namespaces.map((namespace) => kubectl.removeNamespace(namespace)));

async function follow(block: string): Promise<string> {
  const start = performance.now();
  const said = await shell.run(block);
  took.push((performance.now() - start) / 1000);
  return said;
}

const page = async (url: string): Promise<string> => (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();

beforeAll(async () => {
  await removeAll();
  const [bin, home] = [join(dir, 'bin'), join(dir, 'home')];
  for (const folder of [bin, home]) mkdirSync(folder);
  symlinkSync(state.programs.kubectl, join(bin, 'kubectl'));
  gitHub = await GuideGitHub.start(state, dir, bin);
  const who = { NAME: 'Ada', EMAIL: 'ada@example.org' };
  const git = Object.entries(who).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]);
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, ...Object.fromEntries(git) };
  shell = new GuideShell(dir, env as Record<string, string>);
});

afterAll(async () => {
  const seconds = took.map((one) => one.toFixed(0));
  console.log(`The road of docs/adopting.md, block by block: ${seconds.join(' s, ')} s.`);
  await shell.stop();
  await gitHub.stop();
  await removeAll();
  rmSync(dir, { recursive: true, force: true });
});

describe('the guide for another team', () => {
  it('sets everything up', async () => {
    const values = {
      SUITE: repositoryRoot,
      GITHUB: gitHub.gitHub.url,
      GH_REPO: repository,
      REGISTRY: `${basic.host}/adopting-${id}`,
      REGISTRY_USERNAME: basic.username,
      REGISTRY_PASSWORD: basic.password,
      BASE: `${basic.host}/${state.images.busybox}`,
      PREVIEW: preview,
      LIVE: live,
      KUBECONFIG: state.cluster.kubeconfig,
    };
    const [first = '', ...rest] = blocks;
    await follow(fillIn(first, values));
    for (const block of rest.slice(0, -1)) await follow(block);
    expect(shell.output).not.toMatch(/warning/i);
  });

  it('delivers two builds, promotes both, and brings the first one back in one step', async () => {
    const said = await follow(blocks.at(-1) ?? '');
    expect(said.match(/(?<="build": )\d+/g)).toEqual(['1', '1', '2', '1']);
    expect(await page(preview)).toContain('I03 is closed on Friday');
    expect(await page(live)).toContain('All are open');
  });

  it('lists the builds with where they run, and deletes old ones, under the same account', async () => {
    const [delivery = 0] = await gitHub.client.runIds(repository, { event: 'push' });
    const table = await gitHub.client.summary(delivery);
    expect(table).toContain(`gh workflow run promote.yml -R ${repository} -f image=page -f build=1 -f version=1.0.0`);
    expect(table).not.toContain('live?');
    const run = await gitHub.client.startWorkflow(repository, 'prune.yml', 'main');
    expect((await gitHub.client.waitForRun(run)).conclusion).toBe('success');
  });

  it('has a manifest that can be applied again without touching what runs', async () => {
    const images = () => kubectl.run(['get', 'deployment', '-n', 'board-live', 'board', '-o', 'jsonpath={..image}']);
    const before = await images();
    expect(before).toContain('@sha256:');
    await kubectl.run(['-n', 'board-live', 'apply', '--server-side', '-f', join(dir, 'board/deploy/board.yaml')]);
    expect(await images()).toBe(before);
  });

  it('prints no secret, and sends nothing that GitHub does not describe', async () => {
    const runs = await gitHub.client.runIds(repository);
    const logs = await Promise.all(runs.map((run) => gitHub.client.log(run)));
    expect([shell.output, ...logs].some((log) => log.includes(basic.password))).toBe(false);
    expect(gitHub.gitHub.violations).toEqual([]);
  });
});

import type { TableOf } from '@delivery/core/action/builds-table';
import { age, buildsTable } from '@delivery/core/action/builds-table';
import type { Running } from '@delivery/core/action/catalogue-running';
import { renderSummary } from '@delivery/core/action/markdown';
import { FakeClock } from '@delivery/testing/fake-clock';
import { someRun } from '@delivery/testing/fake-step';
import { promoted, repository, signal, Stage } from './catalogue-stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

async function table(given: Partial<TableOf> = {}) {
  const catalogue = await stage.read();
  const now = new FakeClock().now();
  return buildsTable({
    ...{ catalogue, builds: catalogue.builds, test: 'tested', running: undefined, run: someRun, now },
    ...given,
  });
}

async function rendered(given: Partial<TableOf> = {}): Promise<string> {
  return renderSummary('x', { result: 'success', reason: 'Done.', outputs: {}, summary: await table(given) });
}

it('shows each build with what is known of it and the command that promotes it', async () => {
  stage.push(8, 9, 10);
  await stage.promote(8, '2026.08.1');
  await stage.note(8, { project: 'test' });
  await stage.note(9, { project: 'test', verdict: 'failure' });
  const eight = stage.fixture(8).manifest.digest;
  const running: Running = { projects: new Map([[eight, ['production', 'ric']]]), more: [], unknown: new Map() };
  const lines = (await rendered({ running })).split('\n').filter((line) => line.startsWith('|'));
  const page = 'https://github.example.org/acme/stack';
  const link = (light: string) => `[${light} test](<${page}/actions/runs/7001/attempts/1>)`;
  const commit = (end: string) => `[cccccccccccc](<${page}/commit/${'c'.repeat(39)}${end}>)`;
  const command = 'gh workflow run promote.yml -R acme/stack -f image=web -f build=8 -f version=2026.08.1';
  expect(lines).toEqual([
    '| Build | Commit | Age | Tested | Runs in | Promoted as | Was stable | To promote it |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| 10, latest | ${commit('a')} | 14 d | – |  |  |  | not before a good test |`,
    `| 9 | ${commit('9')} | 14 d | ${link('🔴')} |  |  |  | not while its last test is bad |`,
    `| 8 | ${commit('8')} | 14 d | ${link('🟢')} | production, ric | stable, 2026.08.1 | 2026-09-10 | \`${command}\` |`,
    '|  |  |',
    '| --- | --- |',
    `| Promote by the form | [promote.yml](<${page}/actions/workflows/promote.yml>) |`,
  ]);
});

it('leaves the version to the operator where the build has none yet', async () => {
  stage.push(8);
  await stage.note(8, {});
  expect(await rendered()).toContain("-f build=8 -f version='<version>'` |");
});

it('names a build that is only kept where it was promoted by its version, and one without by its digest', async () => {
  await stage.promote(8, '2026.08.1');
  await stage.note(8, {}, promoted);
  expect(await rendered()).toContain('-f build=2026.08.1 -f version=2026.08.1` |');
  await stage.registry.remove(promoted, '2026.08.1', signal);
  expect(await rendered()).toContain(`-f build=${stage.fixture(8).manifest.digest} -f version='<version>'\` |`);
});

it('leaves out what cannot be done where delivery.yaml has nothing to promote to', async () => {
  stage.image = { ...stage.image, promoted: undefined };
  stage.push(8);
  await stage.note(8, {});
  const text = await rendered();
  expect(text).not.toContain('gh workflow');
  expect(text).toContain('delivery.yaml has no images.web.promoted, so there is nowhere to promote to.');
});

it('says of a loader whether it loaded', async () => {
  stage.push(8);
  await stage.note(8, { event: 'loaded', project: 'test' });
  const text = await rendered({ test: 'loaded' });
  expect(text).toContain('| Build | Commit | Age | Loaded |');
  expect(text).toContain('🟢 test');
});

it('says where it is not known what runs, in the cells and below', async () => {
  stage.push(8, 9);
  const running: Running = { projects: new Map(), more: [], unknown: new Map([['ric', 'the cluster refused']]) };
  const text = await rendered({ running });
  expect(text.match(/\| ric\? \|/g)).toHaveLength(2);
  expect(text).toContain('ric?: the cluster refused.');
});

it('names the tags that could not be read', async () => {
  stage.push(8);
  const catalogue = { ...(await stage.read()), unreadable: [{ tags: ['latest-7'], why: 'it is no image\n# owned' }] };
  const text = await rendered({ catalogue });
  expect(text).toContain('1 that could not be read');
  expect(text).toContain('latest-7: it is no image # owned');
});

it('links no page of another host, whatever the registry says', async () => {
  const labels = { 'org.opencontainers.image.source': 'https://evil.example/x' };
  stage.registry.seedImage(repository, 'latest-1', stage.fixture(1, labels));
  stage.push(2);
  await stage.note(2, { run: 'https://github.example.org.evil.example/x/actions/runs/1' });
  expect(await rendered()).not.toContain('evil.example');
});

it('puts nothing into a command that a shell would take for more than a word', async () => {
  const labels = { 'build.number': '1; id', 'org.opencontainers.image.version': '$(id)' };
  stage.registry.seedImage(repository, 'latest-1', stage.fixture(1, labels));
  stage.registry.seedImage(promoted, '1.0.0', stage.fixture(1, labels));
  stage.registry.seedImage(promoted, 'a-b_c', stage.fixture(1, labels));
  stage.push(2);
  await stage.note(2, { reason: '`id`', by: '$(id)', project: 'test' });
  for (const [, command = ''] of (await rendered()).matchAll(/`(gh [^`]*)`/g))
    expect(command.replace("'<version>'", '')).toMatch(/^[\w.:=/ -]+$/);
  expect(await rendered({ run: { ...someRun, repository: 'acme/$(id)' } })).not.toContain('gh workflow');
});

it.each([
  [-5_000, '0 min'],
  [59 * 60_000, '59 min'],
  [47 * 3_600_000, '47 h'],
  [48 * 3_600_000, '2 d'],
])('shows %d ms as %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});

import { RemoteError } from '@delivery/core/errors/errors';
import { newWorkload } from '@delivery/testing/fake-cluster';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { artifactFixture, imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import { numbers, promoted, reasons, repository, Stage, tagOf } from './stage.ts';

let stage: Stage;
const { signal } = new AbortController();
beforeEach(() => {
  stage = new Stage();
});

/** Each deletion takes 20 s, and this happens before the given one. */
function slowly(at: number, happen: () => Promise<void> | void): void {
  let removals = 0;
  stage.registry.onCall = async ({ method }) => {
    if (method !== 'remove') return;
    removals += 1;
    await stage.clock.sleep(20_000, signal);
    if (removals === at) await happen();
  };
}

const manifestOf = async (tag: string) => (await stage.registry.readManifest(repository, tag, signal))!;

describe('while it deletes', () => {
  const build = (count: number) => {
    for (let number = 1; number <= count; number += 1) stage.build(number, 90 - number);
  };

  it('a promotion, a deployment and a new tag keep what they name', async () => {
    build(9);
    const manifests = await Promise.all([6, 7, 8].map((number) => manifestOf(`latest-${number}`)));
    slowly(2, async () => {
      await stage.promote('latest-6', '2026.09.1', 0, ['stable']);
      const image = `${repository.host}/${repository.path}@${manifests[1]!.digest}`;
      stage.cluster.putWorkload(newWorkload({ namespace: 'dev', containers: [{ name: 'web', image, init: false }] }));
      await stage.put('hotfix', manifests[2]!);
    });
    const { outcome } = await stage.runOn();
    expect(numbers(outcome, 'deleted')).toEqual([1, 2, 3, 4, 5, 9]);
    expect(reasons(outcome)).toEqual({
      6: 'is stable',
      7: 'runs in Deployment dev/web of project test',
      8: expect.stringContaining('the tag hotfix has come to'),
    });
    expect(outcome.result).toBe('success');
    expect(await stage.tags()).not.toContain('prune-journal');
    for (const { digest } of manifests) expect(await stage.has(digest)).toBe(true);
  });

  it('a project that cannot be read any more stops it, and what was deleted is told', async () => {
    build(9);
    slowly(2, () =>
      stage.jobs.fail(new RemoteError('cluster', 'forbidden', { status: 403, retryable: false }), 'prod'),
    );
    const { outcome } = await stage.runOn();
    expect(outcome.reason).toContain('project production cannot be read');
    expect(outcome.reason).not.toContain('Nothing was deleted');
    expect(outcome.result).toBe('failure');
    expect(numbers(outcome, 'deleted').length).toBeGreaterThan(0);
    expect(await stage.tags()).toContain('latest-9');
  });

  it('a cancel ends it, and what was deleted is told', async () => {
    build(9);
    slowly(6, () => stage.cancel.abort(new Error('cancelled')));
    const { outcome } = await stage.runOn();
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('was cancelled') });
    expect(numbers(outcome, 'deleted').length).toBeGreaterThan(0);
  });

  it('a registry that does not answer is not waited for longer than the time that is given', async () => {
    stage.registry = new (class extends FakeRegistry {
      override async remove(...call: Parameters<FakeRegistry['remove']>) {
        if (call[1] === 'latest-3') await stage.clock.sleep(3_600_000 * 2, call[2]);
        return super.remove(...call);
      }
    })();
    build(5);
    const { outcome, seconds } = await stage.runOn({ timeout: 300_000 });
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('the time is over') });
    expect(numbers(outcome, 'deleted')).toEqual([1, 2]);
    expect(seconds).toBeLessThanOrEqual(310);
  });
});

it('what fails at one image does not take back what is told of another', async () => {
  stage.build(1, 9);
  const other = { host: repository.host, path: 'dev/loader' };
  const old = imageFixture({ layer: 'old', created: '2026-01-01T00:00:00Z' });
  stage.registry.seedImage(other, 'latest-1', old);
  const topology = stage.topology();
  const loader = { ...topology.images['loader']!, retention: stage.rule };
  stage.topology = () => ({ ...topology, images: { ...topology.images, loader } });
  let lists = 0;
  stage.registry.onCall = ({ method, repository: where }) => {
    if (method === 'listTags' && where.endsWith('dev/loader') && ++lists === 2)
      throw new RemoteError('registry', 'the connection was lost', { retryable: true });
  };
  const outcome = await stage.run();
  expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('web: 1 of 1 builds deleted;') });
  expect(outcome.reason).toContain('loader: 0 of 1 builds deleted, 1 manifests are left: image loader');
});

it('prunes a repository once, whichever images use it', async () => {
  stage.build(1, 9);
  const topology = stage.topology();
  const twin = { ...topology.images['web']!, name: 'twin' };
  stage.topology = () => ({ ...topology, images: { ...topology.images, twin } });
  expect(await stage.run()).toMatchObject({ result: 'success', reason: 'web: 1 of 1 builds deleted' });
});

it('keeps the record of a kept build that the list of referrers of another names', async () => {
  const [kept, goes] = [stage.build(2, 1), stage.build(1, 9)];
  stage.rule = { ...stage.rule!, atLeast: 1 };
  const records = await Promise.all(
    ['latest-2', 'latest-1'].map(async (tag) => artifactFixture(await manifestOf(tag), { event: 'built' })),
  );
  for (const record of records) stage.registry.seedImage(repository, record.manifest.digest, record);
  await stage.put(tagOf(goes), indexFixture(records.map(({ manifest }) => manifest)));
  expect((await stage.run()).result).toBe('success');
  expect(await Promise.all(records.map(({ manifest }) => stage.has(manifest.digest)))).toEqual([true, false]);
  expect(await stage.tags()).toEqual(['latest-2']);
  expect(await stage.has(kept)).toBe(true);
});

describe('an answer that contradicts another', () => {
  it('a journal that is there and not listed: nothing is deleted', async () => {
    stage.build(1, 9);
    stage.build(2, 9);
    stage.registry.onCall = ({ method }) => {
      if (method === 'remove' && stage.removed.length > 2)
        throw new RemoteError('registry', 'lost', { retryable: true });
    };
    await stage.run();
    expect(await stage.tags()).toContain('prune-journal');
    stage.registry.onCall = () => undefined;
    const list = stage.registry.listTags.bind(stage.registry);
    stage.registry.listTags = async (...call) => (await list(...call)).filter((tag) => tag !== 'prune-journal');
    await expect(stage.run()).rejects.toMatchObject({ message: expect.stringContaining('has no prune-journal') });
    expect(stage.removed).toEqual([]);
  });

  it.each([
    ['stable', 2, true],
    ['2026.09.1', 2, true],
    ['stable', 1, false],
  ])('the tag %s, listed and not found %d times', async (tag, times, isUnread) => {
    stage.build(1, 9);
    await stage.promote('latest-1', '2026.09.1', 1);
    const read = stage.registry.readManifest.bind(stage.registry);
    let asked = 0;
    stage.registry.readManifest = async (where, reference, within) =>
      where.path === promoted.path && reference === tag && ++asked <= times
        ? undefined
        : read(where, reference, within);
    const end = await stage.run().catch((error: unknown) => error as Error);
    if (isUnread) expect(end).toMatchObject({ code: 'unread', message: expect.stringContaining(`the tag ${tag}`) });
    else expect(end).toMatchObject({ result: 'success' });
    expect(stage.removed).toEqual([]);
  });

  it('a project that follows stable where nothing was promoted: a warning', async () => {
    stage.build(1, 9);
    const workloads = { web: [{ kind: 'Deployment', name: 'web', container: ['web'] }] } as never;
    stage.projects = [newProject('production', { namespace: 'prod', workloads })];
    expect(await stage.run()).toMatchObject({ result: 'success' });
    const warnings = stage.log.lines.filter(({ kind }) => kind === 'warning').map(({ text }) => text);
    expect(warnings).toEqual([expect.stringContaining('prod/web-stream has no tags')]);
  });
});

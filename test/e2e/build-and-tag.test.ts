import { readLedger } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { referrersTag } from '@delivery/core/domain/manifest';
import { createHash } from 'node:crypto';
import { systemClock } from '@delivery/core/adapters/clock';
import { readState } from '../ground/state.ts';
import type { BundleRun } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { groundRegistry } from '../road/registry.ts';

// Scenario 1 of the domain with the committed bundle, the real builders and the real registry.

const state = readState();
const registry = groundRegistry(state);
const { host } = state.registries.basic;
const never = new AbortController().signal;

let repositories = 0;

/** A checkout whose image goes to a repository of its own; its build takes DELAY seconds. */
function checkout(): {
  source: Checkout;
  repository: Repository;
  digestOf: (tag: string) => Promise<string | undefined>;
  tags: () => Promise<string[]>;
} {
  const path = `e2e/build-${Date.now()}-${++repositories}`;
  const source = new Checkout(state, {
    'delivery.yaml': `images: { web: { repository: '${host}/${path}', build: { file: Dockerfile } } }\n`,
    Dockerfile: `FROM ${host}/${state.images.busybox}\nARG GIT_SHA\nARG DELAY=0\nRUN echo "$GIT_SHA" > /commit && sleep "$DELAY"\n`,
  });
  const repository = { host, path };
  const digestOf = async (tag: string) => (await registry.readManifest(repository, tag, never))?.digest;
  return { source, repository, digestOf, tags: async () => (await registry.listTags(repository, never)).sort() };
}

const commit = (name: string) => createHash('sha1').update(name).digest('hex');

function expectResult(run: BundleRun, result: string): void {
  if (run.outputs['result'] !== result) throw new Error(`${run.outputs['result'] ?? 'no result'}:\n${run.log}`);
}

describe.each(['docker', 'buildah'])('build-and-tag with %s', (builder) => {
  const { source, repository, digestOf, tags } = checkout();
  const build = (name: string, number: number, more: Record<string, string> = {}) =>
    source.run('build-and-tag', { builder, ...more }, { sha: commit(name), number });
  let first: BundleRun;

  afterAll(() => source.remove());

  it('pushes latest-N and then latest, of one digest', async () => {
    first = await build('one', 267);
    expectResult(first, 'success');
    const { digest } = first.outputs;
    // This registry has no referrers API: the list of records stands under a tag of its own.
    expect(await tags()).toEqual(['latest', 'latest-267', referrersTag(digest as Digest)]);
    const [record, ...others] = await readLedger(repository, digest as Digest, registry, never);
    expect(record).toMatchObject({ event: 'built', verdict: 'success', build: 267 });
    expect(others).toEqual([]);
    expect(first.outputs).toMatchObject({
      digest: await digestOf('latest-267'),
      'build-number': '267',
      'moved-latest': 'true',
    });
    expect(await digestOf('latest')).toBe(first.outputs['digest']);
  });

  it('builds and pushes nothing on a re-run of the same commit, and gives the same digest', async () => {
    const again = await build('one', 267);
    expectResult(again, 'success');
    expect(again.outputs['digest']).toBe(first.outputs['digest']);
    expect(await digestOf('latest-267')).toBe(first.outputs['digest']);
    expect(again.log).not.toContain('RUN echo');
  });

  it('refuses, before building, the number of another commit', async () => {
    const other = await build('two', 267);
    expect(other.exitCode).toBe(1);
    expect(other.log).toContain(commit('one'));
    expect(other.log).not.toContain('RUN echo');
    expect(await digestOf('latest-267')).toBe(first.outputs['digest']);
  });

  it('goes on from another sequence by an offset, and takes the next free number', async () => {
    const offset = await build('three', 1, { 'build-number-offset': '267' });
    expectResult(offset, 'success');
    expect(offset.outputs['build-number']).toBe('268');
    const next = await build('four', 1, { 'build-number': 'next' });
    expectResult(next, 'success');
    expect(next.outputs).toMatchObject({ 'build-number': '269', 'moved-latest': 'true' });
  });

  it('leaves latest where it is for a build of a lower number, and says so', async () => {
    const late = await build('late', 200);
    expect(late.outputs).toMatchObject({ 'build-number': '200', 'moved-latest': 'false' });
    expect(late.log).toContain('build-number-offset');
    expect(await digestOf('latest')).toBe(await digestOf('latest-269'));
  });

  it('changes nothing in a dry run', async () => {
    const before = await tags();
    const dry = await build('five', 300, { 'dry-run': 'true' });
    expect(dry.exitCode).toBe(0);
    expect(await tags()).toEqual(before);
  });
});

describe('two builds at once, of which the older ends last', () => {
  it.each(['docker', 'buildah'])('leave latest at the newer one, ten times of ten with %s', async (builder) => {
    const { source, digestOf } = checkout();
    for (let race = 1; race <= 10; race++) {
      const [older, newer] = [race * 2 - 1, race * 2];
      const start = (number: number, delay: string) =>
        source.run(
          'build-and-tag',
          { builder, 'build-args': `DELAY=${delay}` },
          { sha: commit(`${builder}${number}`), number },
        );
      let last = 0;
      const ended = async (number: number, run: Promise<BundleRun>) => {
        const result = await run;
        last = number;
        return result;
      };
      const [slow, quick] = await Promise.all([ended(older, start(older, '3')), ended(newer, start(newer, '0'))]);
      expectResult(quick, 'success');
      expect(slow.outputs['build-number']).toBe(String(older));
      expect([race, last]).toEqual([race, older]);
      expect([race, await digestOf('latest')]).toEqual([race, quick.outputs['digest']]);
      expect(await digestOf(`latest-${older}`)).toBe(slow.outputs['digest']);
      expect(slow.outputs['moved-latest']).toBe('false');
    }
    source.remove();
  });
});

describe('a cancel in the middle of a build', () => {
  it.each(['docker', 'buildah'])(
    'ends %s and all it has started within 7 s, and the next run converges',
    async (builder) => {
      const { source, digestOf, tags } = checkout();
      const marker = commit(`cancel ${builder}`);
      const long = source.start('build-and-tag', { builder, 'build-args': 'DELAY=297' }, { sha: marker, number: 1 });
      while (!long.log().includes('sleep')) await systemClock.sleep(50, AbortSignal.timeout(60_000));
      const start = performance.now();
      process.kill(long.pid, 'SIGINT');
      const run = await long.done;
      expect(performance.now() - start).toBeLessThan(7_000);
      expect(run.exitCode).toBe(1);
      expect(run.log).toContain('cancelled');
      expect(await tags()).toEqual([]);
      const again = await source.run('build-and-tag', { builder }, { sha: marker, number: 1 });
      expectResult(again, 'success');
      expect(await digestOf('latest')).toBe(again.outputs['digest']);
      source.remove();
    },
  );
});

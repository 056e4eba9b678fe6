import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import { RemoteError } from '@delivery/core/errors/errors';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakePackageVersions } from '@delivery/testing/fake-package-versions';
import { RateLimits } from '@delivery/testing/rate-limits';
import { entries, numbers, repository, Stage } from './stage.ts';

let stage: Stage;
let limits: RateLimits;
let registry: PackageRegistry;
let packages: FakePackageVersions;
const { signal } = new AbortController();

/** The registry of a package: what is pushed there is a version, nothing is deleted there, and nothing refers to anything. */
class PackageRegistry extends FakeRegistry {
  override seedImage(...pushed: Parameters<FakeRegistry['seedImage']>): Digest {
    const digest = super.seedImage(...pushed);
    packages.push(digest, [pushed[1]]);
    return digest;
  }

  override async writeManifest(...pushed: Parameters<FakeRegistry['writeManifest']>): Promise<void> {
    await super.writeManifest(...pushed);
    packages.push(pushed[2].digest, isDigest(pushed[1]) ? [] : [pushed[1]]);
  }

  override remove(): Promise<never> {
    return Promise.reject(new Error('deletions go through the package'));
  }

  override async listReferrers(): Promise<[]> {
    return [];
  }

  forget(digest: Digest): void {
    void super.remove(repository, digest, signal);
  }
}

function build(count: number, keep = 1): void {
  for (let number = 1; number <= count; number += 1) stage.build(number, 2000 - number);
  stage.rule = { ...stage.rule!, atLeast: keep };
}

beforeEach(() => {
  stage = new Stage();
  limits = new RateLimits({ clock: stage.clock });
  packages = new FakePackageVersions({ limits });
  stage.packages = packages;
  registry = new PackageRegistry();
  stage.registry = registry;
  packages.onRemove = (digest) => registry.forget(digest);
});

it('deletes by the package, a version for each manifest, and leaves no journal', async () => {
  build(3);
  const { outcome } = await stage.runOn();
  expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['success', [1, 2]]);
  expect(packages.versions.map(({ tags }) => tags)).toEqual([['latest-3']]);
  expect(await stage.tags()).toEqual(['latest-3']);
});

it('plans in one request for 100 versions, and deletes 900 within 6 minutes without a refusal', async () => {
  build(950, 50);
  const times: number[] = [];
  packages.onRemove = (digest) => {
    registry.forget(digest);
    times.push(stage.clock.now().getTime());
  };
  const { outcome } = await stage.runOn();
  expect([outcome.result, numbers(outcome, 'deleted').length]).toEqual(['success', 900]);
  expect(limits.refusals).toBe(0);
  const reads = packages.calls.filter(({ method }) => method === 'listPage');
  expect(reads).toHaveLength(10 + 1);
  expect((times.at(-1)! - times[0]!) / 1000).toBeLessThanOrEqual(360);
}, 60_000);

it('stops when the hour is used up, says when it goes on, and the next run ends it', async () => {
  build(1300, 100);
  const { outcome } = await stage.runOn();
  expect(outcome.result).toBe('unstable');
  expect(outcome.reason).toMatch(/^web: 987 of 1300 builds deleted, 213 manifests are left: /);
  expect(outcome.next).toMatch(/goes on where this one stopped, from 2026-09-15T17:\d\d/);
  expect(limits.refusals).toBe(0);
  expect(limits.requests).toBe(1000);
  await stage.clock.advance(3_600_000);
  const { outcome: next } = await stage.runOn();
  expect([next.result, numbers(next, 'deleted').length]).toEqual(['success', 213]);
  expect(limits.refusals).toBe(0);
  expect(packages.versions).toHaveLength(100);
}, 120_000);

it('waits for a secondary limit that ends in time', async () => {
  build(3);
  let asked = 0;
  packages.failWith = (method) =>
    method === 'remove' && ++asked === 1
      ? new RemoteError('github', 'secondary', { status: 403, retryable: true, retryAfterMs: 120_000 })
      : undefined;
  const { outcome, seconds } = await stage.runOn();
  expect(outcome.result).toBe('success');
  expect(seconds).toBeGreaterThanOrEqual(120);
});

it('names what GitHub refuses, goes on with the rest, and is unstable', async () => {
  build(3);
  packages.failWith = (method) =>
    method === 'remove' && packages.calls.at(-1)?.value === 1
      ? new RemoteError('github', 'more than 5000 downloads', { status: 403, retryable: false })
      : undefined;
  const { outcome } = await stage.runOn();
  expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['unstable', [2]]);
  expect(entries(outcome, 'kept').find(({ build }) => build === 1)?.why).toContain('5000 downloads');
});

it('stops after five refusals in a row: the token may not delete', async () => {
  build(12);
  packages.failWith = (method) =>
    method === 'remove' ? new RemoteError('github', 'not accessible', { status: 403, retryable: false }) : undefined;
  const { outcome } = await stage.runOn();
  expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('refused 5 deletions in a row') });
  expect(packages.calls.filter(({ method }) => method === 'remove')).toHaveLength(5);
});

it('leaves a version alone that got another tag meanwhile', async () => {
  build(3);
  packages.push(stage.registry.digestOf(repository, 'latest-1')!, ['hotfix']);
  const { outcome } = await stage.runOn();
  expect(numbers(outcome, 'deleted')).toEqual([2]);
});

it('deletes nothing when the package cannot be read', async () => {
  build(3);
  packages.failWith = () => new RemoteError('github', 'not found', { status: 404, retryable: false });
  const { outcome } = await stage.runOn();
  expect(outcome).toMatchObject({
    result: 'failure',
    reason: expect.stringContaining('web: 0 of 3 builds deleted, 2 manifests are left: the package of image web'),
  });
  expect(packages.versions).toHaveLength(3);
});

it('deletes an index before its platforms, and no platform of one that GitHub does not list', async () => {
  const [goes, hidden] = [await stage.whole(1), await stage.whole(2)];
  stage.build(3, 0);
  stage.rule = { ...stage.rule!, atLeast: 1 };
  packages.hide(hidden[0]!);
  const { outcome } = await stage.runOn();
  expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['unstable', [1]]);
  expect(entries(outcome, 'kept').find(({ build }) => build === 2)?.why).toContain('does not have it');
  const [index, ...platforms] = await childrenOf(hidden[0]!);
  expect([index, ...platforms]).toHaveLength(4);
  for (const digest of [hidden[0]!, index!, ...platforms]) expect(await stage.has(digest)).toBe(true);
  expect(await stage.has(goes[0]!)).toBe(false);
});

async function childrenOf(index: Digest): Promise<Digest[]> {
  const { bytes } = (await stage.registry.readManifest(repository, index, signal))!;
  const { manifests } = JSON.parse(new TextDecoder().decode(bytes)) as { manifests: { digest: Digest }[] };
  return manifests.map(({ digest }) => digest);
}

it('does not take a 404 for a deletion while GitHub lists the version', async () => {
  build(12);
  packages.isAdmin = false;
  const { outcome } = await stage.runOn();
  expect(outcome).toMatchObject({ result: 'failure', next: expect.stringContaining('role admin') });
  expect(numbers(outcome, 'deleted')).toEqual([]);
  expect(entries(outcome, 'kept').find(({ build: number }) => number === 1)?.why).toContain('role admin');
});

it.each([
  [400, 'anything'],
  [422, 'anything'],
  [403, 'Publicly visible package versions with more than 5000 downloads cannot be deleted.'],
])('goes on after versions that nobody may delete: %d %s', async (status, message) => {
  build(12);
  packages.failWith = (method) =>
    method === 'remove' && packages.calls.at(-1)!.value <= 7
      ? new RemoteError('github', message, { status, retryable: false })
      : undefined;
  const { outcome } = await stage.runOn();
  expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['unstable', [8, 9, 10, 11]]);
});

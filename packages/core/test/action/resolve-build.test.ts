import { readBuild, resolveBuild } from '@delivery/core/action/resolve-build';
import { parseRepository } from '@delivery/core/domain/image-reference';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';

const repository = parseRepository('registry.example.org/dev/web-stream')!;
const { signal } = new AbortController();

function registryWith(...numbers: number[]): FakeRegistry {
  const registry = new FakeRegistry();
  for (const number of numbers) {
    const image = imageFixture({ labels: { 'build.number': String(number) } });
    registry.seedImage(repository, `latest-${number}`, image);
    registry.seedImage(repository, 'latest', image);
  }
  return registry;
}

it('finds a build by latest, number and digest, with the number of its label', async () => {
  const registry = registryWith(7, 8);
  const latest = await resolveBuild({ kind: 'latest' }, repository, registry, signal);
  expect(latest).toMatchObject({ number: 8, digest: registry.digestOf(repository, 'latest-8') });
  const seven = await resolveBuild({ kind: 'number', number: 7 }, repository, registry, signal);
  expect(seven.number).toBe(7);
  expect(await resolveBuild({ kind: 'digest', digest: seven.digest }, repository, registry, signal)).toEqual(seven);
});

it('reads the labels of an index from its first platform, and keeps the digest of the whole', async () => {
  const registry = registryWith(7);
  const one = imageFixture({ labels: { 'build.number': '7' } });
  const index = indexFixture([one.manifest]);
  registry.seedImage(repository, 'latest-7', { manifest: index, blobs: [] });
  const build = await resolveBuild({ kind: 'number', number: 7 }, repository, registry, signal);
  expect(build).toMatchObject({ number: 7, digest: index.digest });
});

it('has no number for an image that was not built by the suite', async () => {
  const registry = registryWith();
  registry.seedImage(repository, 'latest', imageFixture());
  expect((await resolveBuild({ kind: 'latest' }, repository, registry, signal)).number).toBeUndefined();
});

it('names the newest builds when the one that is meant is not there', async () => {
  const registry = registryWith(1, 2, 10, 3, 9, 4);
  await expect(resolveBuild({ kind: 'number', number: 11 }, repository, registry, signal)).rejects.toMatchObject({
    code: 'build-missing',
    message: 'registry.example.org/dev/web-stream has no latest-11',
    hint: 'The newest of the 6 builds there: latest-10, latest-9, latest-4, latest-3, latest-2.',
  });
});

it('says so when nothing was ever built', async () => {
  await expect(resolveBuild({ kind: 'latest' }, repository, registryWith(), signal)).rejects.toMatchObject({
    hint: 'There is no build in that repository yet: build one first.',
  });
  expect(await readBuild('latest', repository, registryWith(), signal)).toBeUndefined();
});

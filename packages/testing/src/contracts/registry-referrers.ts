import type { Repository } from '@delivery/core/domain/image-reference';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import { artifactFixture, imageFixture, indexFixture } from '../image-fixture.ts';
import type { Scene } from './registry.ts';
import { absent, never } from './registry.ts';

/** The part of the contract of Registry about what refers to a manifest. */
export function referrersContract(scene: () => Scene): void {
  const write = async (registry: Registry, repository: Repository, subject: Manifest, note: string) => {
    const artifact = artifactFixture(subject, { note });
    await registry.writeBlob(repository, artifact.blobs[0]!, never);
    await registry.writeManifest(repository, artifact.manifest.digest, artifact.manifest, never);
    return artifact.manifest;
  };
  const notes = async (registry: Registry, repository: Repository, subject: Manifest) =>
    (await registry.listReferrers(repository, subject.digest, never))
      .map(({ annotations }) => annotations['note'])
      .sort();

  test('lists what refers to an image, with its type and annotations', async () => {
    const { kit, repository, push } = scene();
    const image = await push('latest', imageFixture());
    expect(await kit.registry.listReferrers(repository, image.digest, never)).toEqual([]);
    const first = await write(kit.registry, repository, image, 'built');
    const second = await write(kit.registry, repository, image, 'tested');
    const listed = await kit.registry.listReferrers(repository, image.digest, never);
    expect([...listed].sort((a, b) => (a.digest === first.digest ? -1 : b.digest === first.digest ? 1 : 0))).toEqual(
      [first, second].map(({ mediaType, digest, bytes }, at) => ({
        mediaType,
        digest,
        size: bytes.length,
        platform: undefined,
        artifactType: 'application/vnd.test.note',
        annotations: { note: ['built', 'tested'][at] },
        isForeign: false,
      })),
    );
  });

  test('lists each referrer once, however often and by whom it was written', async () => {
    const { kit, repository, push } = scene();
    const image = await push('latest', imageFixture());
    for (const registry of [kit.registry, kit.other, kit.registry]) await write(registry, repository, image, 'built');
    expect(await notes(kit.other, repository, image)).toEqual(['built']);
  });

  test('lists what refers to an index, and to a manifest that is not there yet', async () => {
    const { kit, repository, push } = scene();
    const index = indexFixture([await push('a', imageFixture())]);
    await write(kit.registry, repository, index, 'before');
    await kit.registry.writeManifest(repository, 'latest', index, never);
    await write(kit.registry, repository, index, 'after');
    expect(await notes(kit.registry, repository, index)).toEqual(['after', 'before']);
  });

  test('has none for a manifest and a repository that are not there', async () => {
    const { kit, repository, push } = scene();
    expect(await kit.registry.listReferrers(repository, absent, never)).toEqual([]);
    await push('latest', imageFixture());
    expect(await kit.registry.listReferrers(repository, absent, never)).toEqual([]);
  });

  test('loses none of two writers at the same time', async () => {
    const { kit, repository, push } = scene();
    const image = await push('latest', imageFixture());
    const all = ['1', '2', '3', '4', '5', '6'];
    await Promise.all(all.map((note, at) => write(at % 2 ? kit.registry : kit.other, repository, image, note)));
    expect(await notes(kit.registry, repository, image)).toEqual(all);
  }, 60_000);
}

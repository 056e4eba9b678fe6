import { imageFixture } from '../image-fixture.ts';
import type { Scene } from './registry.ts';
import { absent, never } from './registry.ts';

/** The part of the contract of Registry about deletion. */
export function removalContract(scene: () => Scene): void {
  test('deletes a manifest with all its tags, and no other', async () => {
    const { kit, repository, push } = scene();
    const { registry } = kit;
    const kept = await push('kept', imageFixture({ layer: 'kept' }));
    const gone = await push('latest', imageFixture({ layer: 'gone' }));
    await registry.writeManifest(repository, 'latest-1', gone, never);
    expect(await registry.remove(repository, gone.digest, never)).toBe('removed');
    for (const reference of [gone.digest, 'latest', 'latest-1']) {
      expect(await registry.readManifest(repository, reference, never)).toBeUndefined();
    }
    expect((await registry.readManifest(repository, 'kept', never))?.digest).toBe(kept.digest);
    expect(await registry.listTags(repository, never)).toEqual(['kept']);
    expect(await registry.remove(repository, gone.digest, never)).toBe('absent');
  });

  test('deletes a tag alone, or says that it cannot and has changed nothing', async () => {
    const { kit, repository, push } = scene();
    const { registry } = kit;
    const manifest = await push('latest', imageFixture());
    await registry.writeManifest(repository, 'latest-1', manifest, never);
    expect(await registry.remove(repository, 'latest', never)).toBe(kit.deletesTags ? 'removed' : 'unsupported');
    expect((await registry.listTags(repository, never)).sort()).toEqual(
      kit.deletesTags ? ['latest-1'] : ['latest', 'latest-1'],
    );
    expect((await registry.readManifest(repository, manifest.digest, never))?.digest).toBe(manifest.digest);
    expect(await registry.remove(repository, 'never', never)).toBe(kit.deletesTags ? 'absent' : 'unsupported');
  });

  test('finds nothing to delete in a repository that is not there', async () => {
    const { kit, repository } = scene();
    expect(await kit.registry.remove(repository, absent, never)).toBe('absent');
  });
}

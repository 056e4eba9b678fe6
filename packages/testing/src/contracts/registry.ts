import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import type { ImageFixture } from '../image-fixture.ts';
import { imageFixture, indexFixture } from '../image-fixture.ts';
import { blobContract } from './registry-blobs.ts';
import { referrersContract } from './registry-referrers.ts';
import { removalContract } from './registry-removal.ts';

/** A registry to hold to the contract, and what was not written by the port. */
export interface RegistryKit extends AsyncDisposable {
  readonly registry: Registry;
  /** Another program that writes to the same registries. */
  readonly other: Registry;
  /** A repository that was never written to; `elsewhere`: of another registry. */
  newRepository(place?: 'here' | 'elsewhere'): Repository;
  seedBlob(repository: Repository, bytes: Uint8Array): Promise<Digest>;
  /** Whether the registry deletes a tag alone; `elsewhere` may not matter. */
  readonly deletesTags: boolean;
}

export const never = new AbortController().signal;
export const absent: Digest = `sha256:${'0'.repeat(64)}`;

/** One kit for all tests of a registry, a repository for each. */
export interface Scene {
  readonly kit: RegistryKit;
  readonly repository: Repository;
  /** With its blobs. */
  push(tag: string, image: ImageFixture, to?: Repository): Promise<Manifest>;
}

/** What every Registry does, fake or real: run by the tests of each. */
export function registryContract(name: string, start: () => Promise<RegistryKit>): void {
  describe(`the contract of Registry, kept by ${name}`, () => {
    let kit: RegistryKit;
    let repository: Repository;
    beforeAll(async () => {
      kit = await start();
    });
    afterAll(async () => kit[Symbol.asyncDispose]());
    beforeEach(() => {
      repository = kit.newRepository();
    });

    const push = async (tag: string, image: ImageFixture, to = repository): Promise<Manifest> => {
      for (const blob of image.blobs) await kit.seedBlob(to, blob);
      await kit.registry.writeManifest(to, tag, image.manifest, never);
      return image.manifest;
    };
    const read = async (reference: string) => kit.registry.readManifest(repository, reference, never);
    const scene = () => ({ kit, repository, push });
    blobContract(scene);
    referrersContract(scene);
    removalContract(scene);

    test.each([false, true])(
      'reads by tag and by digest what was written, byte for byte (docker: %s)',
      async (docker) => {
        const written = await push('latest-1', imageFixture({ docker }));
        expect(written.bytes.length).toBeGreaterThan(0);
        for (const reference of ['latest-1', written.digest]) {
          const { mediaType, digest, bytes } = (await read(reference))!;
          expect({ mediaType, digest }).toEqual({ mediaType: written.mediaType, digest: written.digest });
          expect(Buffer.from(bytes).equals(Buffer.from(written.bytes))).toBe(true);
        }
      },
    );

    test.each([false, true])('reads an index as it was written (docker: %s)', async (docker) => {
      const children = [
        await push('a', imageFixture({ docker })),
        await push('b', imageFixture({ docker, layer: 'b' })),
      ];
      const index = indexFixture(children, docker);
      await kit.registry.writeManifest(repository, 'latest', index, never);
      expect(await read('latest')).toMatchObject({ mediaType: index.mediaType, digest: index.digest });
    });

    test('gives undefined for a tag, a digest and a repository that are not there', async () => {
      expect(await read('latest')).toBeUndefined();
      await push('latest', imageFixture());
      expect(await read('latest-1')).toBeUndefined();
      expect(await read(absent)).toBeUndefined();
    });

    test('moves a tag and keeps what it named before', async () => {
      const first = await push('latest', imageFixture({ layer: 'first' }));
      const second = await push('latest', imageFixture({ layer: 'second' }));
      expect((await read('latest'))?.digest).toBe(second.digest);
      expect((await read(first.digest))?.digest).toBe(first.digest);
    });

    test('writes the same again without harm, and under another tag without its blobs', async () => {
      const manifest = await push('latest-1', imageFixture());
      await kit.registry.writeManifest(repository, 'latest-1', manifest, never);
      await kit.registry.writeManifest(repository, 'latest', manifest, never);
      expect((await read('latest'))?.digest).toBe(manifest.digest);
      expect((await read('latest-1'))?.digest).toBe(manifest.digest);
    });

    test('refuses a manifest whose blobs are not there, and sets no tag', async () => {
      await push('latest-1', imageFixture());
      const { manifest } = imageFixture({ layer: 'never uploaded' });
      const writing = kit.registry.writeManifest(repository, 'latest-2', manifest, never);
      await expect(writing).rejects.toMatchObject({
        code: 'registry',
        retryable: false,
      });
      expect([400, 404]).toContain(await writing.catch((error: unknown) => (error as RemoteError).status));
      expect(await read('latest-2')).toBeUndefined();
    });

    test('writes by digest, and no tag with it', async () => {
      const { digest } = await push('latest', imageFixture({ layer: 'tagged' }));
      const { manifest, blobs } = imageFixture({ layer: 'not tagged' });
      for (const blob of blobs) await kit.seedBlob(repository, blob);
      await kit.registry.writeManifest(repository, manifest.digest, manifest, never);
      expect((await read(manifest.digest))?.digest).toBe(manifest.digest);
      expect(await kit.registry.listTags(repository, never)).toEqual(['latest']);
      const wrong = kit.registry.writeManifest(repository, digest, manifest, never);
      await expect(wrong).rejects.toMatchObject({ code: 'registry', status: undefined, retryable: false });
      await expect(wrong).rejects.toThrow(manifest.digest);
    });

    test('lists every tag once, and none of a repository that is not there', async () => {
      expect(await kit.registry.listTags(repository, never)).toEqual([]);
      const manifest = await push('latest', imageFixture());
      const tags = ['latest-1', 'latest-10', 'latest-2', 'stable', '2026.08.3'];
      for (const tag of tags) await kit.registry.writeManifest(repository, tag, manifest, never);
      expect((await kit.registry.listTags(repository, never)).sort()).toEqual(['latest', ...tags].sort());
    });

    test('asks for no reference that is neither a tag nor a digest', async () => {
      await expect(read('../../other/manifests/latest')).rejects.toMatchObject({ code: 'registry', retryable: false });
    });

    test('gives up with the reason of its signal', async () => {
      const reason = new Error('cancelled');
      const aborted = AbortSignal.abort(reason);
      const { manifest } = imageFixture();
      await expect(kit.registry.readManifest(repository, 'latest', aborted)).rejects.toBe(reason);
      await expect(kit.registry.readBlob(repository, absent, 1, aborted)).rejects.toBe(reason);
      await expect(kit.registry.writeManifest(repository, 'latest', manifest, aborted)).rejects.toBe(reason);
      await expect(kit.registry.listTags(repository, aborted)).rejects.toBe(reason);
      await expect(kit.registry.listReferrers(repository, absent, aborted)).rejects.toBe(reason);
      await expect(kit.registry.writeBlob(repository, manifest.bytes, aborted)).rejects.toBe(reason);
      const blob = { digest: absent, size: 1 };
      await expect(kit.registry.copyBlob(blob, repository, repository, aborted)).rejects.toBe(reason);
      await expect(kit.registry.remove(repository, 'latest', aborted)).rejects.toBe(reason);
    });
  });
}

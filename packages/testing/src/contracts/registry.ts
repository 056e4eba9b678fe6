import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { Manifest, Registry } from '@delivery/core/ports/registry';
import type { ImageFixture } from '../image-fixture.ts';
import { imageFixture, indexFixture } from '../image-fixture.ts';

/** A registry to hold to the contract, and the one thing that the port cannot do: bring blobs in. */
export interface RegistryKit extends AsyncDisposable {
  readonly registry: Registry;
  /** A repository that was never written to. */
  newRepository(): Repository;
  seedBlob(repository: Repository, bytes: Uint8Array): Promise<Digest>;
}

const never = new AbortController().signal;
const absent: Digest = `sha256:${'0'.repeat(64)}`;

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

    const seed = async (image: ImageFixture): Promise<Manifest> => {
      for (const blob of image.blobs) await kit.seedBlob(repository, blob);
      return image.manifest;
    };
    const push = async (tag: string, image: ImageFixture): Promise<Manifest> => {
      const manifest = await seed(image);
      await kit.registry.writeManifest(repository, tag, manifest, never);
      return manifest;
    };
    const read = async (reference: string) => kit.registry.readManifest(repository, reference, never);

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

    test('reads a blob', async () => {
      const digest = await kit.seedBlob(repository, Buffer.from('{"a":1}'));
      expect(Buffer.from(await kit.registry.readBlob(repository, digest, 7, never)).toString()).toBe('{"a":1}');
    });

    test('refuses a blob that is larger than the caller takes', async () => {
      const digest = await kit.seedBlob(repository, Buffer.from('{"a":12}'));
      const reading = kit.registry.readBlob(repository, digest, 7, never);
      await expect(reading).rejects.toMatchObject({
        code: 'registry',
        retryable: false,
        message: expect.stringContaining('larger than 7 bytes'),
      });
    });

    test('says that a blob is not there', async () => {
      await push('latest', imageFixture());
      const reading = kit.registry.readBlob(repository, absent, 100, never);
      await expect(reading).rejects.toMatchObject({ code: 'registry', status: 404, retryable: false });
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
    });
  });
}

import { digestOf } from '@delivery/core/domain/digest';
import { imageFixture } from '../image-fixture.ts';
import type { Scene } from './registry.ts';
import { absent, never } from './registry.ts';

/** The part of the contract of Registry about blobs. */
export function blobContract(scene: () => Scene): void {
  test('reads a blob', async () => {
    const { kit, repository } = scene();
    const digest = await kit.seedBlob(repository, Buffer.from('{"a":1}'));
    expect(Buffer.from(await kit.registry.readBlob(repository, digest, 7, never)).toString()).toBe('{"a":1}');
  });

  test('refuses a blob that is larger than the caller takes', async () => {
    const { kit, repository } = scene();
    const digest = await kit.seedBlob(repository, Buffer.from('{"a":12}'));
    const reading = kit.registry.readBlob(repository, digest, 7, never);
    await expect(reading).rejects.toMatchObject({
      code: 'registry',
      retryable: false,
      message: expect.stringContaining('larger than 7 bytes'),
    });
  });

  test('says that a blob is not there', async () => {
    const { kit, repository, push } = scene();
    await push('latest', imageFixture());
    const reading = kit.registry.readBlob(repository, absent, 100, never);
    await expect(reading).rejects.toMatchObject({ code: 'registry', status: 404, retryable: false });
  });

  test.each(['{}', '', 'x'.repeat(100_000)])('writes a blob, and again without harm (%#)', async (text) => {
    const { kit, repository } = scene();
    const bytes = Buffer.from(text);
    for (const registry of [kit.registry, kit.registry, kit.other]) {
      expect(await registry.writeBlob(repository, bytes, never)).toBe(digestOf(bytes));
    }
    const read = await kit.registry.readBlob(repository, digestOf(bytes), 100_000, never);
    expect(Buffer.from(read).equals(bytes)).toBe(true);
  });

  test.each([1, 200_000])('brings a blob of %i bytes to another repository of the registry', async (size) => {
    const { kit, repository } = scene();
    const bytes = Buffer.alloc(size, 'a layer ');
    const blob = { digest: await kit.seedBlob(repository, bytes), size };
    const target = kit.newRepository();
    expect(['mounted', 'copied']).toContain(await kit.registry.copyBlob(blob, repository, target, never));
    expect(['mounted', 'there', 'copied']).toContain(await kit.registry.copyBlob(blob, repository, target, never));
    const read = await kit.registry.readBlob(target, blob.digest, size, never);
    expect(Buffer.from(read).equals(bytes)).toBe(true);
  });

  test.each([0, 1, 200_000])('brings a blob of %i bytes to another registry, once', async (size) => {
    const { kit, repository } = scene();
    const bytes = Buffer.alloc(size, `a layer of ${repository.path} `);
    const blob = { digest: await kit.seedBlob(repository, bytes), size };
    const target = kit.newRepository('elsewhere');
    expect(target.host).not.toBe(repository.host);
    expect(await kit.registry.copyBlob(blob, repository, target, never)).toBe('copied');
    expect(await kit.registry.copyBlob(blob, repository, target, never)).toBe('there');
    const read = await kit.registry.readBlob(target, blob.digest, 200_000, never);
    expect(Buffer.from(read).equals(bytes)).toBe(true);
  });

  test.each(['here', 'elsewhere'] as const)('says that there is no blob to bring (%s)', async (place) => {
    const { kit, repository, push } = scene();
    await push('latest', imageFixture());
    const copying = kit.registry.copyBlob({ digest: absent, size: 7 }, repository, kit.newRepository(place), never);
    await expect(copying).rejects.toMatchObject({ code: 'registry', status: 404, retryable: false });
    await expect(copying).rejects.toThrow(absent);
  });
}

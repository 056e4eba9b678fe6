import { copyAndTag, readTags } from '@delivery/core/action/copy-image-tags';
import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { Repository } from '@delivery/core/domain/image-reference';
import { parseManifest } from '@delivery/core/domain/manifest';
import type { Registry } from '@delivery/core/ports/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog } from '@delivery/testing/fake-step';
import type { WholeImage } from '@delivery/testing/whole-image';
import { InstantClock } from '../adapters/registry/setup.ts';

export const from = parseRepository('registry.example.org/dev/web')!;
export const to = parseRepository('registry.example.org/prod/web')!;
export const elsewhere = parseRepository('other.example.org/prod/web')!;
export const never = new AbortController().signal;

export function context(signal = never) {
  return { log: new FakeLog(), clock: new InstantClock(), signal };
}

/** A registry with the image in `from`, under `latest-1` as well. */
export function registryWith(image: WholeImage): FakeRegistry {
  const registry = new FakeRegistry();
  for (const blob of image.blobs) registry.seedBlob(from, blob);
  for (const { reference, manifest } of image.manifests) registry.seedImage(from, reference, { manifest, blobs: [] });
  registry.seedImage(from, 'latest-1', { manifest: image.root, blobs: [] });
  return registry;
}

/** Fails unless every manifest, tag and blob of the image is there byte for byte, and what refers to it is listed. */
export async function expectWhole(image: WholeImage, repository: Repository, registry: Registry): Promise<void> {
  for (const { reference, manifest } of image.manifests) {
    const there = await registry.readManifest(repository, reference, never);
    expect({ reference, digest: there?.digest }).toEqual({ reference, digest: manifest.digest });
    expect(Buffer.from(there!.bytes).equals(Buffer.from(manifest.bytes))).toBe(true);
    expect(there?.mediaType).toBe(manifest.mediaType);
  }
  for (const blob of image.blobs) {
    const there = await registry.readBlob(repository, digestOf(blob), blob.length, never);
    expect(Buffer.from(there).equals(Buffer.from(blob))).toBe(true);
  }
  for (const [subject, referrers] of image.referrers) {
    const listed = await registry.listReferrers(repository, subject, never);
    expect(listed.map(({ digest }) => digest).sort()).toEqual([...referrers].sort());
  }
}

/** What a promotion does in the registry. */
export async function deliver(
  request: { readonly digest: Digest; readonly from: Repository; readonly to: Repository },
  tags: readonly string[],
  registry: Registry,
  step = context(),
) {
  const states = await readTags(request.to, tags, registry, step.signal);
  return copyAndTag({ ...request, tags: states }, registry, step);
}

/** Pulls as a container runtime does; throws where a manifest or blob is missing. */
export async function pull(reference: string, repository: Repository, registry: Registry): Promise<string> {
  const manifest = await registry.readManifest(repository, reference, never);
  if (!manifest) throw new Error(`${reference} is not there`);
  const content = parseManifest(manifest.bytes, manifest.mediaType, reference);
  if (content.kind === 'index') for (const { digest } of content.manifests) await pull(digest, repository, registry);
  else
    for (const { digest, size } of [content.config, ...content.layers])
      await registry.readBlob(repository, digest, size, never);
  return manifest.digest;
}

import { copyImage } from '@delivery/core/action/copy-image';
import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { referrersTag } from '@delivery/core/domain/manifest';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Manifest } from '@delivery/core/ports/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import { layeredImage, referrerOf, wholeImage } from '@delivery/testing/whole-image';
import { context, elsewhere, expectWhole, from, never, pull, registryWith, to } from './copy-image-setup.ts';

const whole = wholeImage();
const ten = layeredImage(Array.from({ length: 10 }, (_, at) => Buffer.from(`layer ${at}`)));

function registryWithTen(): FakeRegistry {
  const registry = new FakeRegistry();
  registry.seedImage(from, 'latest-1', ten);
  return registry;
}

const counts = ({ calls }: FakeRegistry) =>
  calls.reduce<Record<string, number>>((sum, { method }) => ({ ...sum, [method]: (sum[method] ?? 0) + 1 }), {});
const indexOf = ({ calls }: FakeRegistry, reference: string) =>
  calls.findIndex((call) => call.method === 'writeManifest' && call.reference === reference);

describe('an image with all that goes with it', () => {
  test.each([
    ['within a registry', to, 'mounted'],
    ['between registries', elsewhere, 'copied'],
  ] as const)('arrives whole, byte for byte, %s', async (_, target, arrival) => {
    const registry = registryWith(whole);
    const copy = await copyImage({ digest: whole.root.digest, from, to: target }, registry, context());
    await expectWhole(whole, target, registry);
    const blobs = new Set(whole.blobs.map((blob) => digestOf(blob)));
    expect(copy).toMatchObject({ manifests: whole.manifests.length, manifest: { digest: whole.root.digest } });
    expect(copy.blobs).toEqual({ there: 0, mounted: 0, copied: 0, [arrival]: blobs.size });
    const distinct = new Map(whole.blobs.map((blob) => [digestOf(blob), blob.length]));
    expect(copy.bytes).toBe(arrival === 'copied' ? [...distinct.values()].reduce((sum, size) => sum + size) : 0);
    expect(counts(registry)['copyBlob']).toBe(blobs.size);
  });

  test('gets no tag but those of cosign', async () => {
    const registry = registryWith(whole);
    await copyImage({ digest: whole.root.digest, from, to }, registry, context());
    const tags = whole.manifests.map(({ reference }) => reference).filter((name) => !name.startsWith('sha256:'));
    expect(tags).toHaveLength(2);
    expect(await registry.listTags(to, never)).toEqual(tags.sort());
  });

  test('is written children first, referrers after their subject, its own tag last', async () => {
    const registry = registryWith(whole);
    await copyImage({ digest: whole.root.digest, from, to, tag: '2026.8.1' }, registry, context());
    const root = indexOf(registry, whole.root.digest);
    const firstWrite = registry.calls.findIndex(({ method }) => method === 'writeManifest');
    expect(registry.calls.slice(firstWrite).some(({ method }) => method === 'copyBlob')).toBe(false);
    for (const { manifest } of whole.manifests.slice(0, 4))
      expect(indexOf(registry, manifest.digest)).toBeLessThan(root);
    for (const [subject, referrers] of whole.referrers)
      for (const digest of referrers) expect(indexOf(registry, digest)).toBeGreaterThan(indexOf(registry, subject));
    expect(indexOf(registry, '2026.8.1')).toBe(registry.calls.length - 1);
  });
});

describe('requests', () => {
  const request = { digest: ten.manifest.digest, from, to, fromTags: ['latest', 'latest-1'] };

  test('are the manifest, its referrers, a mount for each blob and one write, where the tags are known', async () => {
    const registry = registryWithTen();
    await copyImage(request, registry, context());
    expect(counts(registry)).toEqual({ readManifest: 1, listReferrers: 1, copyBlob: 11, writeManifest: 1 });
  });

  test('are one more where they are not, and one less where the manifest is', async () => {
    const registry = registryWithTen();
    const { digest, manifest } = { digest: ten.manifest.digest, manifest: ten.manifest };
    await copyImage({ digest, from, to, manifest, tag: '1.2.3' }, registry, context());
    expect(counts(registry)).toEqual({ listTags: 1, listReferrers: 1, copyBlob: 11, writeManifest: 1 });
    expect(registry.written).toEqual(['registry.example.org/prod/web:1.2.3']);
  });

  test('are two to give an image another tag in its own repository', async () => {
    const registry = registryWithTen();
    await copyImage({ ...request, to: from, tag: 'stable' }, registry, context());
    expect(counts(registry)).toEqual({ readManifest: 1, writeManifest: 1 });
    expect(registry.digestOf(from, 'stable')).toBe(ten.manifest.digest);
  });

  test('wait for each other three times at most', async () => {
    const registry = registryWithTen();
    let rounds = 0;
    let waiting: (() => void)[] = [];
    registry.onCall = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length > 1) return;
        setImmediate(() => {
          rounds++;
          const now = waiting;
          waiting = [];
          for (const wake of now) wake();
        });
      });
    await copyImage(request, registry, context());
    expect(rounds).toBe(3);
  });

  test.each([
    ['16 at once within a registry', to, 16],
    ['4 blobs at once between registries', elsewhere, 4],
  ])('are %s', async (_, target, limit) => {
    const many = layeredImage(Array.from({ length: 40 }, (__, at) => Buffer.from(`layer ${at}`)));
    const registry = new FakeRegistry();
    registry.seedImage(from, 'latest-1', many);
    let running = 0;
    let most = 0;
    registry.onCall = async ({ method }) => {
      if (method !== 'copyBlob') return;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await copyImage({ digest: many.manifest.digest, from, to: target }, registry, context());
    expect(most).toBe(limit);
  });
});

describe('what is not whole', () => {
  /** The fake without what `lacks` picks. */
  class Lacking extends FakeRegistry {
    lacks: (reference: string) => boolean = () => false;
    answers = new Map<string, Manifest>();

    override async readManifest(...[repository, reference, signal]: Parameters<FakeRegistry['readManifest']>) {
      const manifest = await super.readManifest(repository, reference, signal);
      return this.answers.get(reference) ?? (this.lacks(reference) ? undefined : manifest);
    }
  }
  function lackingOf(lacks: (reference: string) => boolean, answers: readonly [string, Manifest][] = []): Lacking {
    const registry = new Lacking();
    for (const blob of whole.blobs) registry.seedBlob(from, blob);
    for (const { reference, manifest } of whole.manifests) registry.seedImage(from, reference, { manifest, blobs: [] });
    registry.lacks = lacks;
    registry.answers = new Map(answers);
    return registry;
  }
  const copyOf = (registry: FakeRegistry, digest = whole.root.digest) =>
    copyImage({ digest, from, to, tag: 'stable' }, registry, context());

  test('stops at a child that an index names, and names it', async () => {
    const child = whole.manifests[1]!.manifest.digest;
    const registry = lackingOf((reference) => reference === child);
    const error = await copyOf(registry).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: 'registry', status: 404, message: expect.stringContaining(child) });
    expect(registry.written).toEqual([]);
  });

  test('stops at an image that is not there', async () => {
    const absent: Digest = `sha256:${'0'.repeat(64)}`;
    await expect(copyOf(registryWith(whole), absent)).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining(absent),
    });
  });

  test('stops at a blob, and names it and its manifest', async () => {
    const registry = registryWithTen();
    const lost = digestOf(ten.blobs[4]!);
    registry.onCall = ({ method, reference }) => {
      if (method === 'copyBlob' && reference === lost)
        throw new RemoteError('registry', 'no such blob', { status: 404, retryable: false });
    };
    const message = `blob ${lost}, which manifest ${ten.manifest.digest} names, cannot be copied: no such blob`;
    await expect(copyOf(registry, ten.manifest.digest)).rejects.toMatchObject({ status: 404, message });
    expect(registry.written).toEqual([]);
  });

  test('goes on without a referrer that was deleted but is listed still, and says so', async () => {
    const gone = whole.referrers.get(whole.root.digest)![1]!;
    const registry = lackingOf((reference) => reference === gone);
    const step = context();
    const copy = await copyImage({ digest: whole.root.digest, from, to }, registry, step);
    expect(copy.manifests).toBe(whole.manifests.length - 1);
    expect(step.log.of('warning')).toEqual([expect.stringContaining(`${gone} is listed as a referrer`)]);
  });

  test('leaves out what is listed as a referrer and does not refer to it', async () => {
    const registry = registryWithTen();
    const other = imageFixture();
    registry.seedImage(from, 'other', other);
    registry.seedImage(from, referrersTag(ten.manifest.digest), {
      manifest: indexFixture([other.manifest]),
      blobs: [],
    });
    const step = context();
    const copy = await copyImage({ digest: ten.manifest.digest, from, to }, registry, step);
    expect(copy.manifests).toBe(1);
    expect(step.log.of('warning')).toEqual([expect.stringContaining('does not name it as its subject: not copied')]);
  });

  test('refuses an index that holds what it does not know, before anything is written', async () => {
    const strange = encoded({
      schemaVersion: 2,
      mediaType: whole.root.mediaType,
      manifests: [
        {
          mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
          digest: digestOf(Buffer.from('x')),
          size: 1,
        },
      ],
    });
    const registry = lackingOf(() => false, [[strange.digest, strange]]);
    await expect(copyOf(registry, strange.digest)).rejects.toMatchObject({
      code: 'not-copyable',
      message: expect.stringContaining('"application/vnd.docker.distribution.manifest.v1+prettyjws"'),
    });
    expect(counts(registry)['copyBlob']).toBeUndefined();
    expect(registry.written).toEqual([]);
  });

  test('refuses an index within an index without end', async () => {
    const registry = new FakeRegistry();
    registry.seedImage(from, 'latest-1', ten);
    let top = ten.manifest;
    for (let depth = 0; depth < 11; depth++) {
      top = indexFixture([top]);
      registry.seedImage(from, top.digest, { manifest: top, blobs: [] });
    }
    await expect(copyOf(registry, top.digest)).rejects.toMatchObject({
      code: 'not-copyable',
      message: expect.stringContaining('deeper than 10'),
    });
    expect(registry.written).toEqual([]);
  });

  test('refuses more manifests than any image has', async () => {
    const registry = new FakeRegistry();
    registry.seedImage(from, 'latest-1', ten);
    registry.seedBlob(from, Buffer.from('{}'));
    for (let at = 0; at < 1000; at++) {
      const { manifest } = referrerOf(ten.manifest, 'application/vnd.example', { at: String(at) });
      registry.seedImage(from, manifest.digest, { manifest, blobs: [] });
    }
    await expect(copyOf(registry, ten.manifest.digest)).rejects.toMatchObject({
      code: 'not-copyable',
      message: expect.stringContaining('more than 1000 manifests'),
    });
  }, 20_000);
});

describe('foreign layers', () => {
  const foreign = (stored: boolean) => {
    const config = Buffer.from('{"os":"windows"}');
    const layer = Buffer.from('a base layer');
    const describe = (mediaType: string, bytes: Uint8Array, more = {}) => ({
      mediaType,
      digest: digestOf(bytes),
      size: bytes.length,
      ...more,
    });
    const manifest = encoded({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: describe('application/vnd.docker.container.image.v1+json', config),
      layers: [
        describe('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', layer, {
          urls: ['https://example.org/layer'],
        }),
      ],
    });
    const registry = new FakeRegistry();
    registry.seedImage(from, 'latest-1', { manifest, blobs: stored ? [config, layer] : [config] });
    return { registry, digest: manifest.digest };
  };

  test.each([true, false])('are copied where they are stored (%s)', async (stored) => {
    const { registry, digest } = foreign(stored);
    const { blobs } = await copyImage({ digest, from, to }, registry, context());
    expect(blobs.mounted).toBe(stored ? 2 : 1);
    expect((await registry.readManifest(to, digest, never))?.digest).toBe(digest);
  });
});

describe("cosign's tags", () => {
  const tag = `${referrersTag(whole.root.digest)}.sig`;

  test('of the target are kept where they name something else, and it is said', async () => {
    const registry = registryWith(whole);
    registry.seedImage(to, tag, imageFixture());
    const step = context();
    await copyImage({ digest: whole.root.digest, from, to }, registry, step);
    expect(registry.digestOf(to, tag)).toBe(imageFixture().manifest.digest);
    expect(step.log.of('warning')).toEqual([
      expect.stringContaining(`tag ${tag} of registry.example.org/prod/web names`),
    ]);
  });

  test('that point back at the image itself do no harm', async () => {
    const registry = registryWith(whole);
    registry.seedImage(from, tag, { manifest: whole.root, blobs: [] });
    await copyImage({ digest: whole.root.digest, from, to }, registry, context());
    expect(registry.digestOf(to, tag)).toBe(whole.root.digest);
  });
});

describe('interrupted', () => {
  test('at any call it leaves no tag, and the next run brings the rest', async () => {
    const complete = registryWith(whole);
    await copyImage({ digest: whole.root.digest, from, to, tag: 'stable' }, complete, context());
    const total = complete.calls.length;
    for (let at = 0; at < total; at++) {
      const registry = registryWith(whole);
      let calls = 0;
      registry.onCall = () => {
        if (calls++ === at) throw new RemoteError('registry', 'gone', { retryable: true });
      };
      await expect(
        copyImage({ digest: whole.root.digest, from, to, tag: 'stable' }, registry, context()),
      ).rejects.toThrow('gone');
      expect(registry.digestOf(to, 'stable')).toBeUndefined();
      registry.onCall = () => undefined;
      await copyImage({ digest: whole.root.digest, from, to, tag: 'stable' }, registry, context());
      await expectWhole(whole, to, registry);
      expect(await pull('stable', to, registry)).toBe(whole.root.digest);
    }
  }, 20_000);

  test('by the signal it starts nothing more, and waits for what has begun', async () => {
    const registry = registryWithTen();
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    let ended = 0;
    registry.onCall = async ({ method }) => {
      if (method !== 'copyBlob') return;
      await new Promise((resolve) => setImmediate(resolve));
      cancel.abort(reason);
      await new Promise((resolve) => setImmediate(resolve));
      ended++;
    };
    const copying = copyImage({ digest: ten.manifest.digest, from, to: elsewhere }, registry, context(cancel.signal));
    await expect(copying).rejects.toBe(reason);
    expect(counts(registry)['copyBlob']).toBe(4);
    expect(ended).toBe(4);
    expect(registry.written).toEqual([]);
  });
});

function encoded(content: { readonly mediaType: string; readonly [field: string]: unknown }): Manifest {
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  return { mediaType: content.mediaType, digest: digestOf(bytes), bytes };
}

import { copyAndTag, readTags } from '@delivery/core/action/copy-image-tags';
import { copyImage } from '@delivery/core/action/copy-image';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { firstLogin, givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { Registry } from '@delivery/core/ports/registry';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import { uploadBlob } from '@delivery/testing/upload-blob';
import { layeredImage, smallWholeImage, wholeImage } from '@delivery/testing/whole-image';
import { randomBytes } from 'node:crypto';
import { context, deliver, expectWhole, never, pull } from '../../packages/core/test/action/copy-image-setup.ts';
import { InstantClock } from '../../packages/core/test/adapters/registry/setup.ts';
import { readState } from '../ground/state.ts';
import { RegistryProxy } from '../road/registry-proxy.ts';

// What copying promises, counted by proxies before two real registries: one with basic auth, one with Bearer tokens.

const { basic, bearer } = readState().registries;
const run = Date.now();
let repositories = 0;
let proxies: { readonly basic: RegistryProxy; readonly bearer: RegistryProxy };

beforeAll(async () => {
  proxies = {
    basic: await RegistryProxy.start({ target: basic.host }),
    bearer: await RegistryProxy.start({ target: bearer.host, tokenUrl: bearer.tokenUrl }),
  };
});
afterAll(async () => {
  for (const proxy of Object.values(proxies)) await proxy[Symbol.asyncDispose]();
});

/** As a fresh process would: nothing is known of the registries yet. */
function connect(): Registry {
  const login = ({ username, password }: typeof basic, proxy: RegistryProxy, host: string) =>
    givenLogin({ username, password, from: 'the ground' }, [proxy.host, host]);
  const credentials = firstLogin(login(basic, proxies.basic, basic.host), login(bearer, proxies.bearer, bearer.host));
  return connectRegistry({ clock: new InstantClock(), credentials, access: 'pull,push' });
}

const newPath = () => `copy/${run}-${++repositories}`;
const through = (proxy: RegistryProxy): Repository => ({ host: proxy.host, path: newPath() });

async function push(
  kind: 'basic' | 'bearer',
  repository: Repository,
  tag: string,
  image: ImageFixture,
): Promise<Digest> {
  const behind = { host: readState().registries[kind].host, path: repository.path };
  for (const blob of image.blobs) await uploadBlob(behind, blob, readState().registries[kind]);
  await connect().writeManifest(behind, tag, image.manifest, never);
  return image.manifest.digest;
}

async function pushWhole(kind: 'basic' | 'bearer', repository: Repository, image = whole): Promise<void> {
  const registry = connect();
  const behind = { host: readState().registries[kind].host, path: repository.path };
  for (const blob of image.blobs) await uploadBlob(behind, blob, readState().registries[kind]);
  for (const { reference, manifest } of image.manifests)
    await registry.writeManifest(behind, reference, manifest, never);
}

/** What was asked beside logging in: challenges and tokens. */
function asked(...from: readonly RegistryProxy[]): string[] {
  const all = from.flatMap(({ requests }) => requests);
  return all
    .filter(({ status, target }) => status !== 401 && !target.startsWith('/token'))
    .map(({ method, target }) => `${method} ${target.replace(/^\/v2\/copy\/[\d-]+\/([a-z]+)\/.*$/, '$1')}`);
}

const tally = (requests: readonly string[]) =>
  Object.fromEntries([...Map.groupBy(requests, (request) => request)].map(([request, all]) => [request, all.length]));

function clear(): void {
  for (const proxy of Object.values(proxies)) proxy.clear();
}

const ten = layeredImage(Array.from({ length: 10 }, () => randomBytes(1024 * 1024)));
const whole = wholeImage(`whole ${run}`);

describe('an image of ten layers', () => {
  test.each(['basic', 'bearer'] as const)('is copied within a registry without its bytes (%s)', async (kind) => {
    const proxy = proxies[kind];
    const [from, to] = [through(proxy), through(proxy)];
    const digest = await push(kind, from, 'latest-1', ten);
    clear();
    const copy = await copyImage({ digest, from, to, fromTags: ['latest-1'], tag: '2026.8.1' }, connect(), context());
    expect(copy.blobs).toEqual({ there: 0, mounted: 11, copied: 0 });
    // This registry has no referrers API, and is asked for the tag in the place of it.
    expect(tally(asked(proxy))).toEqual({
      'GET manifests': 2,
      'GET referrers': 1,
      'POST blobs': 11,
      'PUT manifests': 1,
    });
    expect(proxy.requests.filter(({ target }) => target.includes('/blobs/')).every(({ sent }) => sent < 200)).toBe(
      true,
    );
    const login = proxy.requests.length - asked(proxy).length;
    expect(login).toBeLessThanOrEqual(kind === 'basic' ? 1 : 3);
  });

  test('is asked for twice when it was delivered before', async () => {
    const [from, to] = [through(proxies.basic), through(proxies.basic)];
    const digest = await push('basic', from, 'latest-1', ten);
    const deliver = async (registry: Registry) => {
      const manifest = (await registry.readManifest(from, 'latest-1', never))!;
      const tags = await readTags(to, ['stable'], registry, never);
      return copyAndTag({ digest, manifest, from, to, tags }, registry, context());
    };
    expect((await deliver(connect())).written).toEqual(['stable']);
    clear();
    expect((await deliver(connect())).written).toEqual([]);
    expect(asked(proxies.basic)).toEqual(['GET manifests', 'GET manifests']);
  });

  test.each(['basic', 'bearer'] as const)('gets another tag in its repository by two requests (%s)', async (kind) => {
    const proxy = proxies[kind];
    const repository = through(proxy);
    await push(kind, repository, 'latest-1', ten);
    clear();
    const registry = connect();
    const manifest = (await registry.readManifest(repository, 'latest-1', never))!;
    const { digest } = manifest;
    await copyImage({ digest, manifest, from: repository, to: repository, tag: 'stable' }, registry, context());
    expect(asked(proxy)).toEqual(['GET manifests', 'PUT manifests']);
    expect(proxy.requests.length).toBeLessThanOrEqual(4);
  });

  test.each([
    ['basic', 'bearer'],
    ['bearer', 'basic'],
  ] as const)('goes from one registry (%s) to another (%s) once', async (source, target) => {
    const [from, to] = [through(proxies[source]), through(proxies[target])];
    const digest = await push(source, from, 'latest-1', ten);
    clear();
    const request = { digest, from, to, fromTags: ['latest-1'], tag: 'stable' };
    const copy = await copyImage(request, connect(), context());
    expect(copy.blobs).toEqual({ there: 0, mounted: 0, copied: 11 });
    const size = ten.blobs.reduce((sum, blob) => sum + blob.length, 0);
    expect(copy.bytes).toBe(size);
    const bytes = (proxy: RegistryProxy, side: 'received' | 'sent') =>
      proxy.requests.reduce((sum, passed) => sum + passed[side], 0);
    expect(bytes(proxies[source], 'sent')).toBeLessThanOrEqual(size * 1.01);
    expect(bytes(proxies[target], 'received')).toBeLessThanOrEqual(size * 1.01);
    const requests = tally(asked(proxies[source], proxies[target]));
    expect(requests).toEqual({
      'GET manifests': 2,
      'GET referrers': 1,
      'HEAD blobs': 11,
      'GET blobs': 11,
      'POST blobs': 11,
      'PUT blobs': 11,
      'PUT manifests': 1,
    });
  });
});

describe('an index with attestations, referrers of referrers and tags of cosign', () => {
  test.each([
    ['basic', 'basic'],
    ['bearer', 'bearer'],
    ['basic', 'bearer'],
    ['bearer', 'basic'],
  ] as const)('arrives whole, byte for byte (%s to %s)', async (source, target) => {
    const [from, to] = [through(proxies[source]), through(proxies[target])];
    await pushWhole(source, from);
    const { digest } = whole.root;
    const tags = ['2026.8.1', 'stable'];
    const delivered = await deliver({ digest, from, to }, tags, connect());
    expect(delivered).toMatchObject({ written: tags, copy: { manifests: whole.manifests.length } });
    await expectWhole(whole, to, connect());
    expect(await readTags(to, tags, connect(), never)).toEqual(tags.map((tag) => ({ tag, digest })));
  });
});

test('killed at every other request, stable is the old or the new one and can be pulled, and the next run converges', async () => {
  const proxy = proxies.bearer;
  const small = smallWholeImage(`small ${run}`);
  const [from, to] = [through(proxy), through(proxy)];
  await pushWhole('bearer', from, small);
  const old = await push('bearer', to, 'stable', layeredImage([randomBytes(100)], 'old'));
  const tags = ['2026.8.1', 'stable'];
  const { digest } = small.root;
  const targets: Repository[] = [];
  for (let at = 0, killed = true; killed; at += 2) {
    const target = through(proxy);
    targets.push(target);
    await copyImage({ digest: old, from: to, to: target, tag: 'stable' }, connect(), context());
    const kill = new AbortController();
    proxy.clear();
    proxy.onRequest = (_, index) => {
      if (index === at) setImmediate(() => kill.abort(new Error('killed')));
      return index < at ? undefined : index === at && at % 4 === 0 ? 'lost' : 'reset';
    };
    const end = deliver({ digest, from, to: target }, tags, connect(), context(kill.signal));
    killed = await end.then(
      () => false,
      () => true,
    );
    proxy.onRequest = () => undefined;
    expect([old, digest]).toContain(await pull('stable', target, connect()));
    await deliver({ digest, from, to: target }, tags, connect());
    await expectWhole(small, target, connect());
    expect(await pull('stable', target, connect())).toBe(digest);
  }
  expect(targets.length).toBeGreaterThan(10);
}, 120_000);

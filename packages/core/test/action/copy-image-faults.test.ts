import { copyImage } from '@delivery/core/action/copy-image';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { firstLogin } from '@delivery/core/adapters/registry/credentials';
import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { parseManifest, referrersTag } from '@delivery/core/domain/manifest';
import type { Registry } from '@delivery/core/ports/registry';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import type { RegistryServerOptions } from '@delivery/testing/registry-server';
import { RegistryServer } from '@delivery/testing/registry-server';
import type { Fault, ServerRequest } from '@delivery/testing/server-answer';
import { faults } from '@delivery/testing/server-answer';
import type { WholeImage } from '@delivery/testing/whole-image';
import { layeredImage, smallWholeImage } from '@delivery/testing/whole-image';
import { connect, InstantClock, login, never, seed, users } from '../adapters/registry/setup.ts';
import { context, deliver } from './copy-image-setup.ts';

// A promotion over HTTP, with everything that networks, registries and their token services do, at every one of its requests.

const image = smallWholeImage('small');
const { digest } = image.root;
const before = imageFixture({ layer: 'what is stable now' });
const old = before.manifest.digest;
const tags = ['2026.8.1', 'stable'];

/** What stands in for the referrers API, where there is one too. */
const fallbackTags = [...image.referrers].map(([subject, referrers]) => {
  const all = image.manifests.filter(({ manifest }) => referrers.includes(manifest.digest));
  return [referrersTag(subject), indexFixture(all.map(({ manifest }) => manifest))] as const;
});

/** Two repositories, of one registry or of two, with the image in one and an older `stable` in the other. */
class World implements AsyncDisposable {
  readonly clock = new InstantClock();
  readonly servers: readonly RegistryServer[];
  readonly from: Repository;
  readonly to: Repository;
  /** How many requests came since it was last set to 0. */
  requests = 0;

  private constructor(source: RegistryServer, target: RegistryServer) {
    this.servers = [...new Set([source, target])];
    this.from = source.repository('dev/web');
    this.to = target.repository('prod/web');
    for (const blob of image.blobs) source.store.putBlob(this.from.path, blob);
    for (const [tag, manifest] of [
      ...image.manifests.map((pushed) => [pushed.reference, pushed.manifest] as const),
      ...fallbackTags,
    ])
      source.store.putManifest(this.from.path, tag, manifest.mediaType, manifest.bytes);
    seed(target, this.to, 'stable', before);
  }

  static async start(where: 'within' | 'between', options: RegistryServerOptions = {}): Promise<World> {
    const source = await RegistryServer.start({ auth: 'bearer', users, ...options });
    return new World(
      source,
      where === 'within' ? source : await RegistryServer.start({ auth: 'bearer', users, ...options }),
    );
  }

  get target(): RegistryServer {
    return this.servers.at(-1)!;
  }

  connect(): Registry {
    const credentials = this.servers.map((server) => login(server, 'ci')).reduce((a, b) => firstLogin(a, b));
    return connectRegistry({ clock: this.clock, credentials, access: 'pull,push' });
  }

  async deliver(signal?: AbortSignal) {
    const { from, to, clock } = this;
    return deliver({ digest, from, to }, tags, this.connect(), { ...context(signal), clock });
  }

  /** Those of the next requests that `picks` says, by their number from 0 over all servers, are answered wrongly. */
  fault(fault: Fault, picks: (index: number, request: ServerRequest) => boolean, isInstead = true): void {
    this.requests = 0;
    for (const server of this.servers) {
      const when = (request: ServerRequest) => picks(this.requests++, request);
      if (isInstead) server.faultInstead(fault, Infinity, when);
      else server.fault(fault, Infinity, when);
    }
  }

  /** What `stable` names, when all of it can be pulled. */
  pulled(reference = 'stable'): Digest {
    const { store } = this.target;
    const manifest = store.manifest(this.to.path, reference);
    if (!manifest) throw new Error(`${reference} is not there`);
    const content = parseManifest(manifest.bytes, manifest.mediaType, reference);
    if (content.kind === 'index') for (const child of content.manifests) this.pulled(child.digest);
    else
      for (const blob of [content.config, ...content.layers])
        if (!store.blob(this.to.path, blob.digest)) throw new Error(`blob ${blob.digest} is not there`);
    return manifest.digest;
  }

  async expectDone(): Promise<void> {
    expect(tags.map((tag) => this.pulled(tag))).toEqual([digest, digest]);
    expectWholeIn(image, this.target, this.to);
    for (const [subject, referrers] of image.referrers) {
      const listed = await this.connect().listReferrers(this.to, subject, never);
      expect(listed.map((referrer) => referrer.digest)).toEqual(referrers);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

function expectWholeIn({ manifests, blobs }: WholeImage, { store }: RegistryServer, { path }: Repository): void {
  for (const { reference, manifest } of manifests) {
    const there = store.manifest(path, reference);
    expect(there?.digest).toBe(manifest.digest);
    expect(Buffer.from(there!.bytes).equals(Buffer.from(manifest.bytes))).toBe(true);
  }
  for (const blob of blobs) expect(store.blob(path, digestOf(blob))).toBeDefined();
}

/** What has a digest can be told to be damaged. */
function concerns({ method, target, headers }: ServerRequest, only: 'content' | 'with a token' | undefined): boolean {
  if (only === 'content') return method === 'GET' && /\/(?:manifests|blobs)\/[^/]*$/.test(target);
  return only === undefined || (headers.authorization ?? '').startsWith('Bearer ');
}

/** How many requests a promotion needs when nothing goes wrong. */
async function requestsOf(where: 'within' | 'between', options: RegistryServerOptions = {}): Promise<number> {
  await using world = await World.start(where, options);
  await world.deliver();
  await world.expectDone();
  return world.servers.reduce((sum, { requests }) => sum + requests.length, 0);
}

describe('killed at any request', () => {
  test.each([
    ['within', true],
    ['within', false],
    ['between', true],
  ] as const)(
    'stable is the old or the new one and can be pulled, and the next run converges (%s, referrers API: %s)',
    async (where, referrers) => {
      const options = { can: { referrers } };
      const total = await requestsOf(where, options);
      let killed = 0;
      const seen = new Set<Digest>();
      for (let at = 0; at < total; at++) {
        await using world = await World.start(where, options);
        const kill = new AbortController();
        // Every other time the registry has done what was asked of it.
        world.fault(
          faults.reset,
          (index) => {
            if (index === at) setImmediate(() => kill.abort(new Error('killed')));
            return index >= at && !kill.signal.aborted;
          },
          at % 2 === 0,
        );
        const end = await world.deliver(kill.signal).catch((error: unknown) => error);
        // Tokens are shared by requests that come at the same time: now and then there are fewer than there were.
        if (world.requests <= at) continue;
        expect(end).toMatchObject({ message: 'killed' });
        expect([old, digest]).toContain(world.pulled());
        seen.add(world.pulled());
        killed++;
        await world.deliver();
        await world.expectDone();
      }
      expect(seen).toEqual(new Set([old, digest]));
      expect(killed).toBeGreaterThan(20);
    },
    120_000,
  );
});

const date = 'Tue, 15 Sep 2026 16:00:00 GMT';
/** At each request; those with a number come so often for the same request. */
const passing: Readonly<
  Record<string, { fault: Fault; times?: number; isInstead?: boolean; only?: 'content' | 'with a token' }>
> = {
  '429 with seconds': { fault: faults.status(429, { 'retry-after': '12' }) },
  '429 with a date': { fault: faults.status(429, { date, 'retry-after': 'Tue, 15 Sep 2026 16:00:12 GMT' }) },
  'five times 503': { fault: faults.status(503), times: 5 },
  'a reset before': { fault: faults.reset },
  'a reset after it was done': { fault: faults.reset, isInstead: false },
  'three bodies that are cut': { fault: faults.cut, times: 3, isInstead: false },
  'a flipped byte': { fault: faults.flip, isInstead: false, only: 'content' },
  // Of a request that came without a token it is the registry's last word.
  '403 once': { fault: faults.status(403), isInstead: true, only: 'with a token' },
};

describe.each(['within', 'between'] as const)('passes, copying %s, at every request', (where) => {
  test.each(Object.keys(passing))(
    '%s',
    async (name) => {
      const { fault, times = 1, isInstead = true, only } = passing[name]!;
      const total = await requestsOf(where);
      for (let at = 0; at < total; at++) {
        await using world = await World.start(where);
        let picked = '';
        let left = times;
        world.fault(
          fault,
          (index, request) => {
            const called = `${request.method} ${request.target}`;
            if (index === at && concerns(request, only)) picked = called;
            return called === picked && left-- > 0;
          },
          isInstead,
        );
        await world.deliver();
        await world.expectDone();
        if (picked !== '' && name.startsWith('429'))
          expect(Math.max(...world.clock.slept)).toBeGreaterThanOrEqual(12_000);
      }
    },
    120_000,
  );

  test('a token that has expired', async () => {
    const total = await requestsOf(where);
    for (let at = 0; at < total; at++) {
      await using world = await World.start(where);
      world.fault(faults.reset, (index, { method, target, headers }) => {
        const asked = world.servers.flatMap(({ requests }) => requests);
        const last = asked.findLast((request) => request.method === method && request.target === target);
        // One that was given out for this very request is good for it.
        const isFresh = last?.status === 401 || headers.authorization === undefined;
        if (index === at && !isFresh) for (const { desk } of world.servers) desk.revokeAll();
        return false;
      });
      await world.deliver();
      await world.expectDone();
    }
  }, 120_000);
});

test.each(['manifests', 'blobs'])('fails for %s that come damaged always, and names the digest', async (kind) => {
  await using world = await World.start('between');
  const [first] = image.manifests;
  const damaged = kind === 'manifests' ? first!.manifest.digest : digestOf(image.blobs[1]!);
  world.fault(
    faults.flip,
    (_, { method, target }) => method === 'GET' && target.endsWith(`/${kind}/${damaged}`),
    false,
  );
  await expect(world.deliver()).rejects.toMatchObject({ code: 'registry', message: expect.stringContaining(damaged) });
  expect(world.pulled()).toBe(old);
  expect(world.target.store.manifest(world.to.path, '2026.8.1')).toBeUndefined();
});

test('of two promotions at once one is told that it lost, and stable is what the other has set', async () => {
  await using world = await World.start('within');
  const others = ['one', 'two'].map((layer) => imageFixture({ layer }));
  for (const other of others) seed(world.target, world.from, other.manifest.digest, other);
  const ends = await Promise.all(
    others.map(async ({ manifest }, at) =>
      deliver({ digest: manifest.digest, from: world.from, to: world.to }, [`1.0.${at}`, 'stable'], world.connect(), {
        ...context(),
        clock: world.clock,
      }).then(
        () => 'won',
        (error: unknown) => (error as { code?: string }).code,
      ),
    ),
  );
  expect(ends).toContain('race-lost');
  const winner = ends.indexOf('won');
  const { digest: stable } = world.target.store.manifest(world.to.path, 'stable')!;
  expect(others.map(({ manifest }) => manifest.digest)).toContain(stable);
  if (winner >= 0) expect(stable).toBe(others[winner]!.manifest.digest);
});

test('takes a request for each layer and four, where there is a referrers API and the tags are known', async () => {
  await using server = await RegistryServer.start();
  const [from, to] = [server.repository('dev/web'), server.repository('prod/web')];
  const ten = layeredImage(Array.from({ length: 10 }, (_, at) => Buffer.from(`layer ${at}`)));
  seed(server, from, 'latest-1', ten);
  const request = { digest: ten.manifest.digest, from, to, fromTags: ['latest-1'], tag: '2026.8.1' };
  await copyImage(request, connect(), context());
  expect(server.requests).toHaveLength(14);
  expect(server.store.manifest(to.path, '2026.8.1')?.digest).toBe(ten.manifest.digest);
});

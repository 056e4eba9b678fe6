import { copyAndTag, readTags, setTag } from '@delivery/core/action/copy-image-tags';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import type { Clock } from '@delivery/core/ports/clock';
import type { Registry } from '@delivery/core/ports/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { imageFixture } from '@delivery/testing/image-fixture';
import { wholeImage } from '@delivery/testing/whole-image';
import { context, deliver, expectWhole, from, never, pull, registryWith, to } from './copy-image-setup.ts';

const whole = wholeImage();
const { digest } = whole.root;
const before = imageFixture({ layer: 'what is stable now' });
const old = before.manifest.digest;
const names = ['2026.8.1', 'stable'];

function registryWithStable(): FakeRegistry {
  const registry = registryWith(whole);
  registry.seedImage(to, 'stable', before);
  return registry;
}

const promote = (registry: Registry) => deliver({ digest, from, to }, names, registry);

const callsOf = ({ calls }: FakeRegistry) => calls.map(({ method, reference }) => `${method} ${reference}`);

describe('copyAndTag', () => {
  test('copies, then sets the tags in order, and looks at both again', async () => {
    const registry = registryWithStable();
    const delivered = await promote(registry);
    expect(delivered).toMatchObject({
      manifest: { digest },
      written: names,
      copy: { manifests: whole.manifests.length },
    });
    expect(callsOf(registry).slice(-7)).toEqual([
      'readManifest 2026.8.1',
      'writeManifest 2026.8.1',
      'readManifest 2026.8.1',
      'readManifest stable',
      'writeManifest stable',
      'readManifest 2026.8.1',
      'readManifest stable',
    ]);
    await expectWhole(whole, to, registry);
  });

  test('asks for the tags and nothing else when it is done already', async () => {
    const registry = registryWithStable();
    await promote(registry);
    registry.calls.length = 0;
    const [tags, manifest] = [await readTags(to, names, registry, never), whole.root];
    expect(await copyAndTag({ digest, from, to, tags, manifest }, registry, context())).toMatchObject({
      copy: undefined,
      written: [],
    });
    expect(callsOf(registry)).toEqual(['readManifest 2026.8.1', 'readManifest stable']);
  });

  test('copies nothing where a tag names it, though the builds it came from are gone', async () => {
    const registry = registryWithStable();
    await promote(registry);
    registry.seedImage(to, 'stable', before);
    await registry.remove(from, digest, never);
    expect(await promote(registry)).toMatchObject({ copy: undefined, written: ['stable'] });
    expect(registry.digestOf(to, 'stable')).toBe(digest);
  });

  test('does not touch stable when the version was taken meanwhile', async () => {
    const registry = registryWithStable();
    const step = context();
    const tags = await readTags(to, names, registry, never);
    registry.seedImage(to, '2026.8.1', imageFixture());
    await expect(copyAndTag({ digest, from, to, tags }, registry, step)).rejects.toMatchObject({ code: 'race-lost' });
    expect(registry.digestOf(to, 'stable')).toBe(old);
  });

  test('killed at any call, stable is the old or the new one, whole, and the next run converges', async () => {
    const complete = registryWithStable();
    await promote(complete);
    for (let at = 0; at < complete.calls.length; at++) {
      for (const late of [false, true]) {
        const registry = registryWithStable();
        await expect(promote(killed(registry, at, late))).rejects.toThrow('killed');
        expect([old, digest]).toContain(await pull('stable', to, registry));
        if (registry.digestOf(to, 'stable') === digest || registry.digestOf(to, '2026.8.1'))
          await expectWhole(whole, to, registry);
        await promote(registry);
        expect(await readTags(to, names, registry, never)).toEqual(names.map((tag) => ({ tag, digest })));
        await expectWhole(whole, to, registry);
      }
    }
  }, 40_000);
});

describe('setTag', () => {
  const other = imageFixture({ layer: 'of another run' });
  const state = { tag: 'stable', digest: old };

  test('reads, writes, and reads back', async () => {
    const registry = registryWithStable();
    registry.seedImage(to, 'stable', before);
    registry.seedImage(to, 'new', other);
    registry.calls.length = 0;
    expect(await setTag(to, state, other.manifest, registry, never)).toBe(true);
    expect(callsOf(registry)).toEqual(['readManifest stable', 'writeManifest stable', 'readManifest stable']);
  });

  test('writes nothing where the tag names it already', async () => {
    const registry = registryWithStable();
    expect(await setTag(to, state, before.manifest, registry, never)).toBe(false);
    expect(await setTag(to, { tag: 'stable', digest: undefined }, before.manifest, registry, never)).toBe(false);
    expect(registry.written).toEqual([]);
  });

  test('leaves a tag that was moved since it was looked at, and names both digests', async () => {
    const registry = registryWithStable();
    registry.seedImage(to, 'stable', other);
    const setting = setTag(to, state, whole.root, registry, never);
    await expect(setting).rejects.toMatchObject({
      code: 'race-lost',
      message: `tag stable of registry.example.org/prod/web was to move from ${old} to ${digest}, but names ${other.manifest.digest} by now and is left so`,
    });
    expect(registry.written).toEqual([]);
  });

  test('tells when the tag names something else right after', async () => {
    const registry = registryWithStable();
    registry.seedImage(to, 'new', other);
    let reads = 0;
    registry.onCall = ({ method }) => {
      if (method === 'readManifest' && ++reads === 2) registry.seedImage(to, 'stable', before);
    };
    await expect(setTag(to, state, other.manifest, registry, never)).rejects.toMatchObject({
      code: 'race-lost',
      message: `tag stable of registry.example.org/prod/web was set to ${other.manifest.digest}, but names ${old} when it is read back`,
    });
  });
});

describe('two promotions at once', () => {
  const images = ['one', 'two'].map((layer) => imageFixture({ layer }));

  /** Runs both with their calls in the order that `turns` says, and gives how each ended; sleeps end when nothing else goes on. */
  async function race(turns: readonly number[]): Promise<{ registry: FakeRegistry; ends: string[] }> {
    const registry = new FakeRegistry();
    registry.seedImage(to, 'stable', before);
    for (const image of images) registry.seedImage(from, image.manifest.digest, image);
    for (const image of images) registry.seedImage(to, image.manifest.digest, image);
    const table = new Table(turns);
    const ends = images.map(async ({ manifest }, who) => {
      const own: Registry = {
        ...ports(registry),
        readManifest: async (...args) => table.turn(who, () => registry.readManifest(...args)),
        writeManifest: async (...args) => table.turn(who, () => registry.writeManifest(...args)),
      };
      const tags = [
        { tag: `1.0.${who}`, digest: manifest.digest },
        { tag: 'stable', digest: old },
      ];
      const step = { ...context(), clock: table.clock(who) };
      const request = { digest: manifest.digest, manifest, from, to, tags };
      const end = await copyAndTag(request, own, step).then(
        () => 'won',
        (error: unknown) => (error instanceof ActionError ? error.code : String(error)),
      );
      table.leave(who);
      return end;
    });
    return { registry, ends: await Promise.all(ends) };
  }

  test('in every order of their requests at least one is told that it lost, and stable is what the other has set', async () => {
    const orders = [...choices(6, 3)].map((firsts) =>
      Array.from({ length: 6 }, (_, at) => (firsts.includes(at) ? 0 : 1)),
    );
    expect(orders).toHaveLength(20);
    const seen = new Set<string>();
    for (const turns of orders) {
      const { registry, ends } = await race(turns);
      seen.add(ends.join());
      expect(ends).toContain('race-lost');
      const winner = ends.indexOf('won');
      const stable = registry.digestOf(to, 'stable');
      if (winner >= 0) expect(stable).toBe(images[winner]!.manifest.digest);
      else expect(images.map(({ manifest }) => manifest.digest)).toContain(stable);
    }
    expect([...seen].sort()).toEqual(['race-lost,won', 'won,race-lost']);
  });
});

/** Whose turn it is. One that sleeps or has left gives its turns away; sleep is over when all of them sleep or have left. */
class Table {
  readonly #turns: number[];
  readonly #waiting = new Map<number, () => void>();
  readonly #sleeping = new Map<number, () => void>();
  readonly #left = new Set<number>();

  constructor(turns: readonly number[]) {
    this.#turns = [...turns];
  }

  async turn<T>(who: number, act: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.set(who, resolve);
      this.#next();
    });
    return act();
  }

  clock(who: number): Clock {
    return {
      now: () => new Date(0),
      sleep: () =>
        new Promise((resolve) => {
          this.#sleeping.set(who, resolve);
          this.#next();
        }),
    };
  }

  leave(who: number): void {
    this.#left.add(who);
    this.#next();
  }

  #next(): void {
    const still = [0, 1].filter((who) => !this.#left.has(who));
    if (still.some((who) => !this.#waiting.has(who) && !this.#sleeping.has(who))) return;
    const awake = still.filter((who) => this.#waiting.has(who));
    if (awake.length === 0) {
      const all = [...this.#sleeping.values()];
      this.#sleeping.clear();
      for (const wake of all) wake();
      return;
    }
    while (this.#turns.length > 0 && !awake.includes(this.#turns[0]!)) this.#turns.shift();
    const who = this.#turns.shift() ?? awake[0]!;
    const go = this.#waiting.get(who);
    this.#waiting.delete(who);
    go?.();
  }
}

function* choices(of: number, take: number, from = 0): Generator<number[], void> {
  if (take === 0) yield [];
  if (take === 0) return;
  for (let first = from; first <= of - take; first++)
    for (const rest of choices(of, take - 1, first + 1)) yield [first, ...rest];
}

/** The port with each method bound, to replace some. */
function ports(registry: FakeRegistry): Registry {
  return {
    readManifest: (...args) => registry.readManifest(...args),
    readBlob: (...args) => registry.readBlob(...args),
    listTags: (...args) => registry.listTags(...args),
    listReferrers: (...args) => registry.listReferrers(...args),
    writeManifest: (...args) => registry.writeManifest(...args),
    writeBlob: (...args) => registry.writeBlob(...args),
    copyBlob: (...args) => registry.copyBlob(...args),
    remove: (...args) => registry.remove(...args),
  };
}

/** A registry whose user is killed at a call: before it, or when it is done but not heard of. */
function killed(registry: FakeRegistry, at: number, late: boolean): Registry {
  let calls = 0;
  const own = ports(registry);
  const cut =
    <Args extends unknown[], T>(method: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const index = calls++;
      const gone = new RemoteError('registry', 'killed', { retryable: true });
      if (index > at || (index === at && !late)) throw gone;
      const answer = await method(...args);
      if (index === at) throw gone;
      return answer;
    };
  return {
    readManifest: cut(own.readManifest),
    readBlob: cut(own.readBlob),
    listTags: cut(own.listTags),
    listReferrers: cut(own.listReferrers),
    writeManifest: cut(own.writeManifest),
    writeBlob: cut(own.writeBlob),
    copyBlob: cut(own.copyBlob),
    remove: cut(own.remove),
  };
}

import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import type { GroundState } from '../ground/state.ts';
import { groundRegistry } from './registry.ts';

const { signal } = new AbortController();

/** What the container of each build does. */
const programs = {
  old: 'trap "exit 0" TERM; sleep 3600 & wait',
  good: 'trap "exit 0" TERM; echo no licence file; sleep 3600 & wait',
} as const;

export type Build = keyof typeof programs;

interface Descriptor {
  digest: Digest;
  size: number;
}

/**
 * Builds that really run: busybox with another command, in the ground's registry under `built` and `promoted`. The actions see them
 * in a registry of the test kit, a new one for each run, so that no run meets what another has promoted.
 */
export class RightsImages {
  readonly built: Repository;
  readonly promoted: Repository;
  readonly #images = new Map<Build, ImageFixture>();

  static async push(state: GroundState): Promise<RightsImages> {
    const images = new RightsImages(state.registries.basic.host);
    const registry = groundRegistry(state);
    const [path = '', tag = ''] = state.images.busybox.split(':');
    const from = { ...images.built, path };
    const { mediaType, bytes } = (await registry.readManifest(from, tag, signal))!;
    const { layers, config, ...rest } = parse(bytes) as { layers: Descriptor[]; config: Descriptor };
    const blobs = await Promise.all(layers.map(({ digest }) => registry.readBlob(from, digest, 64 * 2 ** 20, signal)));
    const base = parse(await registry.readBlob(from, config.digest, 2 ** 20, signal)) as { config: object };
    for (const [at, [build, program]] of Object.entries(programs).entries()) {
      const Labels = { 'build.number': String(at + 1), 'org.opencontainers.image.revision': String(at).repeat(40) };
      const own = encode({ ...base, config: { ...base.config, Cmd: ['sh', '-c', program], Entrypoint: null, Labels } });
      const described = { ...config, digest: digestOf(own), size: own.length };
      const manifest = encode({ ...rest, config: described, layers });
      const image = { manifest: { mediaType, digest: digestOf(manifest), bytes: manifest }, blobs: [own, ...blobs] };
      images.#images.set(build as Build, image);
      for (const repository of [images.built, images.promoted]) {
        for (const layer of layers) await registry.copyBlob(layer, from, repository, signal);
        await registry.writeBlob(repository, own, signal);
        await registry.writeManifest(repository, image.manifest.digest, image.manifest, signal);
      }
    }
    return images;
  }

  private constructor(host: string) {
    this.built = { host, path: 'rights/built' };
    this.promoted = { host, path: 'rights/promoted' };
  }

  digest(build: Build): Digest {
    return this.#images.get(build)!.manifest.digest;
  }

  /** By digest, as a workload names it. */
  reference(build: Build): string {
    return `${this.built.host}/${this.built.path}@${this.digest(build)}`;
  }

  registry(): FakeRegistry {
    const registry = new FakeRegistry();
    for (const [at, image] of [...this.#images.values()].entries())
      registry.seedImage(this.built, `latest-${at + 1}`, image);
    return registry;
  }
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

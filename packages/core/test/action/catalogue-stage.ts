import type { Catalogue } from '@delivery/core/action/catalogue';
import { readCatalogue } from '@delivery/core/action/catalogue';
import { writeRecord } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { LedgerEntry } from '@delivery/core/domain/ledger';
import type { ImageTopology } from '@delivery/core/domain/topology';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import { imageFixture } from '@delivery/testing/image-fixture';
import { ledgerEntry } from '@delivery/testing/ledger-entry';

export const repository = parseRepository('registry.example.org/dev/web-stream')!;
export const promoted = parseRepository('registry.example.org/prod/web-stream')!;
export const { signal } = new AbortController();
export const source = 'https://github.example.org/acme/stack';
export const runPage = `${source}/actions/runs/7001/attempts/1`;
export const commitOf = (number: number) => number.toString(16).padStart(40, 'c');

/** A registry with builds, and what was promoted of them. */
export class Stage {
  readonly registry = new FakeRegistry();
  image: ImageTopology = { name: 'web', repository, promoted, build: undefined };
  #minute = 0;

  fixture(number: number, labels: Readonly<Record<string, string>> = {}): ImageFixture {
    return imageFixture({
      layer: `layer of ${number}`,
      labels: {
        'build.number': String(number),
        'org.opencontainers.image.revision': commitOf(number),
        'org.opencontainers.image.source': source,
        'org.opencontainers.image.created': new Date(Date.UTC(2026, 8, 1, number)).toISOString(),
        ...labels,
      },
    });
  }

  /** Pushes builds; `latest` is the last of them. */
  push(...numbers: number[]): Digest[] {
    return numbers.map((number) => {
      const image = this.fixture(number);
      this.registry.seedImage(repository, 'latest', image);
      return this.registry.seedImage(repository, `latest-${number}`, image);
    });
  }

  /** As promote-stable leaves it; `noted` false: the ledger knows nothing of it. */
  async promote(number: number, version: string, noted = true): Promise<Digest> {
    const previous = this.registry.digestOf(this.place, 'stable');
    const image = this.fixture(number);
    this.registry.seedImage(this.place, version, image);
    const digest = this.registry.seedImage(this.place, 'stable', image);
    if (noted) await this.note(number, { event: 'promoted', version, previous }, this.place);
    return digest;
  }

  get place(): Repository {
    return this.image.promoted ?? promoted;
  }

  /** Each a minute later than the one before. */
  async note(number: number, given: Partial<LedgerEntry>, where: Repository = repository): Promise<Digest> {
    const at = new Date(Date.UTC(2026, 8, 10, 12, ++this.#minute));
    const entry = ledgerEntry({ at, run: runPage, ...given });
    return writeRecord(where, this.fixture(number).manifest, entry, this.registry, signal);
  }

  read(limit = 20): Promise<Catalogue> {
    this.registry.calls.length = 0;
    return readCatalogue(this.image, this.registry, signal, { limit });
  }

  /** Requests since the catalogue was begun. */
  get requests(): number {
    return this.registry.calls.length;
  }
}

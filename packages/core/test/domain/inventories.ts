import { createHash } from 'node:crypto';
import type { Digest } from '../../src/domain/digest.ts';
import { referrersTag } from '../../src/domain/manifest.ts';
import type { Inventory, StoredManifest } from '../../src/domain/retention-inventory.ts';
import { ownerOfTag } from '../../src/domain/retention-inventory.ts';
import type { Removal } from '../../src/domain/retention-order.ts';
import type { RetentionRule } from '../../src/domain/retention-rule.ts';

/** The same name is the same digest. */
export function digest(name: string): Digest {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export const rule: RetentionRule = { workingDays: 5, atLeast: 10, keepPromoted: 5, timeZone: 'UTC', holidays: [] };

/** A repository that a test fills by name: `build(3)` is the digest named `build-3` with the tag `latest-3`. */
export class InventoryBuilder {
  readonly tags = new Map<string, Digest>();
  readonly manifests = new Map<Digest, StoredManifest>();
  readonly running = new Map<Digest, string>();
  readonly versions = new Map<Digest, string>();
  readonly changed = new Map<Digest, string>();
  readonly leftovers = new Set<Digest>();
  readonly gone = new Set<Digest>();
  promoted: Digest[] = [];
  stable: Digest | undefined;

  build(number: number, created: string | Date | undefined, given: Partial<StoredManifest> = {}): Digest {
    const image = digest(`build-${number}`);
    this.put(image, { number, created: created === undefined ? undefined : new Date(created), ...given });
    this.tags.set(`latest-${number}`, image);
    return image;
  }

  put(of: Digest, given: Partial<StoredManifest> = {}): Digest {
    const nothing = { children: [], config: undefined, subject: undefined, number: undefined, created: undefined };
    this.manifests.set(of, { ...nothing, digest: of, ...given });
    return of;
  }

  /** A manifest with a tag named after `owner`. */
  named(owner: Digest, suffix: string, given: Partial<StoredManifest> = {}): Digest {
    const image = this.put(digest(`${suffix} of ${owner}`), given);
    this.tags.set(`${referrersTag(owner)}${suffix}`, image);
    return image;
  }

  inventory(): Inventory {
    const { tags, manifests, running, versions, changed, leftovers, gone, promoted, stable } = this;
    return { tags, manifests, running, versions, changed, leftovers, gone, promoted, stable };
  }
}

/** A registry that forgets as it is told; `broken` names every tag whose manifest, or a child of it, is not there. */
export class Shelf {
  readonly tags: Map<string, Digest>;
  readonly deleted = new Set<Digest>();
  readonly #inventory: Inventory;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.tags = new Map(inventory.tags);
  }

  /** In single steps, as a registry does them: each is a state in which a run may be killed. */
  static stepsOf({ digest: of, tags, withManifest }: Removal): ((shelf: Shelf) => void)[] {
    const removeTags = tags.map((tag) => (shelf: Shelf) => void shelf.tags.delete(tag));
    return withManifest ? [...removeTags, (shelf) => shelf.#remove(of)] : removeTags;
  }

  #remove(of: Digest): void {
    for (const [tag, named] of this.tags) if (named === of) this.tags.delete(tag);
    this.deleted.add(of);
  }

  broken(): string[] {
    const isWhole = (of: Digest): boolean =>
      !this.deleted.has(of) && (this.#inventory.manifests.get(of)?.children ?? []).every(isWhole);
    return [...this.tags].filter(([tag, of]) => ownerOfTag(tag) === undefined && !isWhole(of)).map(([tag]) => tag);
  }
}

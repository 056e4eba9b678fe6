import type { Bell } from './bell.ts';
import type { AnyObject, Collection, Keeper } from './follow.ts';

export interface ShelfOptions<Item> {
  /** Called when there are more than twice `most` items: gives those to keep. */
  readonly bound?: { readonly most: number; readonly choose: (items: Item[]) => readonly Item[] };
}

/** The objects of one collection, as the domain sees them; rings when one has changed. */
export class Shelf<Item> implements Keeper {
  readonly collection: Collection;
  filled = false;
  /** The resourceVersion that the items are of. */
  version = '';
  readonly #bell: Bell;
  readonly #map: (object: never) => Item;
  readonly #bound: ShelfOptions<Item>['bound'];
  #byUid = new Map<string, Item>();

  constructor(collection: Collection, bell: Bell, map: (object: never) => Item, options: ShelfOptions<Item> = {}) {
    this.collection = collection;
    this.#bell = bell;
    this.#map = map;
    this.#bound = options.bound;
  }

  items(): Item[] {
    return [...this.#byUid.values()];
  }

  /** Starts with what is known already, in silence. */
  fill(items: readonly (Item & { readonly uid: string })[], version: string): void {
    this.#byUid = new Map(items.map((item) => [item.uid, item]));
    this.version = version;
    this.filled = true;
  }

  replace(objects: readonly AnyObject[]): void {
    this.#byUid = new Map(objects.map((object) => [uidOf(object), this.#map(object as never)]));
    this.filled = true;
    this.#changed();
  }

  put(object: AnyObject): void {
    this.#byUid.set(uidOf(object), this.#map(object as never));
    this.#changed();
  }

  remove(object: AnyObject): void {
    this.#byUid.delete(uidOf(object));
    this.#changed();
  }

  reached(version: string): void {
    this.version = version;
  }

  #changed(): void {
    if (this.#bound && this.#byUid.size > 2 * this.#bound.most) {
      const kept = new Set(this.#bound.choose(this.items()));
      for (const [uid, item] of this.#byUid) if (!kept.has(item)) this.#byUid.delete(uid);
    }
    this.#bell.ring();
  }
}

function uidOf(object: AnyObject): string {
  return object.metadata?.uid ?? '';
}

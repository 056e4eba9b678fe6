import { setImmediate } from 'node:timers/promises';
import type { ClusterEvent, NamespaceView } from '../../domain/workload.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient } from './api-client.ts';
import type { AnyObject, Collection, Keeper } from './follow.ts';
import { follow } from './follow.ts';
import { toEvent, toPod, toReplicaSet, toWorkload } from './map.ts';

const maxEvents = 1000;

/** See Cluster.watchNamespace. Changes that are there at the same time make one view; the newest state is never left out. */
export async function* watchNamespace(
  client: ApiClient,
  namespace: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<NamespaceView, never, undefined> {
  const bell = new Bell();
  const apps = (resource: string): Collection => ({ group: '/apis/apps/v1', resource, namespace });
  const core = (resource: string): Collection => ({ group: '/api/v1', resource, namespace });
  const deployments = new Shelf(apps('deployments'), bell, (object) => toWorkload('Deployment', object));
  const statefulSets = new Shelf(apps('statefulsets'), bell, (object) => toWorkload('StatefulSet', object));
  const replicaSets = new Shelf(apps('replicasets'), bell, toReplicaSet);
  const pods = new Shelf(core('pods'), bell, toPod);
  const events = new Shelf(core('events'), bell, toEvent, newest);
  const shelves = [deployments, statefulSets, replicaSets, pods, events];

  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const followers = shelves.map((shelf) => follow(client, shelf.collection, shelf, clock, either));
  for (const follower of followers) follower.catch((error: unknown) => bell.fail(error));
  try {
    for (;;) {
      await bell.rung();
      // One turn of the event loop: what came in the same packet belongs to the same view.
      await setImmediate();
      bell.check();
      if (!shelves.every((shelf) => shelf.filled)) continue;
      yield {
        workloads: [...deployments.items(), ...statefulSets.items()],
        replicaSets: replicaSets.items(),
        pods: pods.items(),
        events: newest(events.items()),
      };
    }
  } finally {
    stop.abort();
    await Promise.allSettled(followers);
  }
}

/** The newest events, the oldest of them first. */
function newest(events: readonly ClusterEvent[]): ClusterEvent[] {
  return events.toSorted((a, b) => a.lastSeen.getTime() - b.lastSeen.getTime()).slice(-maxEvents);
}

/** The objects of one collection, as the domain sees them. */
class Shelf<Item> implements Keeper {
  readonly collection: Collection;
  filled = false;
  readonly #bell: Bell;
  readonly #map: (object: never) => Item;
  readonly #bound: ((items: Item[]) => readonly Item[]) | undefined;
  #byUid = new Map<string, Item>();

  constructor(
    collection: Collection,
    bell: Bell,
    map: (object: never) => Item,
    bound?: (items: Item[]) => readonly Item[],
  ) {
    this.collection = collection;
    this.#bell = bell;
    this.#map = map;
    this.#bound = bound;
  }

  items(): Item[] {
    return [...this.#byUid.values()];
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

  #changed(): void {
    if (this.#bound && this.#byUid.size > 2 * maxEvents) {
      const kept = new Set(this.#bound(this.items()));
      for (const [uid, item] of this.#byUid) if (!kept.has(item)) this.#byUid.delete(uid);
    }
    this.#bell.ring();
  }
}

function uidOf(object: AnyObject): string {
  return object.metadata?.uid ?? '';
}

/** Wakes the one who makes the views; what rings while nobody waits is not lost. */
class Bell {
  #ringing = false;
  #wake = () => {};
  #failure: { readonly error: unknown } | undefined;

  ring(): void {
    this.#ringing = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.ring();
  }

  async rung(): Promise<void> {
    if (this.#ringing) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Silences the bell; throws what has failed. */
  check(): void {
    this.#ringing = false;
    if (this.#failure) throw this.#failure.error;
  }
}

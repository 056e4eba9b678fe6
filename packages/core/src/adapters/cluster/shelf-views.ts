import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient } from './api-client.ts';
import type { Bell } from './bell.ts';
import type { Collection, Keeper } from './follow.ts';
import { follow } from './follow.ts';

/** What is needed of a Shelf. */
interface Followed extends Keeper {
  readonly collection: Collection;
  readonly filled: boolean;
  readonly version: string;
}

/**
 * Follows the collections of the shelves and gives a view when all are filled and again after each change; changes that are
 * there at the same time make one view, and the newest state is never left out. Ends by throwing, as `follow` does.
 */
export async function* shelfViews<View>(
  client: ApiClient,
  { shelves, bell }: { readonly shelves: readonly Followed[]; readonly bell: Bell },
  view: () => View,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<View, never, undefined> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const followers = shelves.map((shelf) =>
    follow(client, shelf.collection, shelf, { from: shelf.filled ? shelf.version : undefined }, clock, either),
  );
  for (const follower of followers) follower.catch((error: unknown) => bell.fail(error));
  try {
    for (;;) {
      await bell.rung();
      // One turn of the event loop: what came in the same packet belongs to the same view.
      await setImmediate();
      bell.check();
      if (shelves.every((shelf) => shelf.filled)) yield view();
    }
  } finally {
    stop.abort();
    await Promise.allSettled(followers);
  }
}

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
 * there at the same time make one view, and the newest state is never left out. Nothing is watched before a second view is asked
 * for: whoever looks only once needs no right to watch. Ends by throwing, as `follow` does.
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
  let want: () => void = () => undefined;
  const wanted = new Promise<void>((resolve) => (want = resolve));
  if (shelves.every(({ filled }) => filled)) want();
  const followers = shelves.map((shelf) => {
    const from = shelf.filled ? shelf.version : undefined;
    return follow(client, shelf.collection, shelf, { from, wanted }, clock, either);
  });
  for (const follower of followers) follower.catch((error: unknown) => bell.fail(error));
  try {
    for (;;) {
      await bell.rung();
      // One turn of the event loop: what came in the same packet belongs to the same view.
      await setImmediate();
      bell.check();
      if (!shelves.every((shelf) => shelf.filled)) continue;
      yield view();
      want();
    }
  } finally {
    stop.abort();
    want();
    await Promise.allSettled(followers);
  }
}

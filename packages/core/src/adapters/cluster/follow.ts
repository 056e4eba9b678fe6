import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { pauseMs } from './backoff.ts';

/** An object of any kind, as far as following it needs. */
export interface AnyObject {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string } | null;
}

/** What keeps the objects of one collection. */
export interface Keeper {
  /** The whole collection, anew: what is not in it is gone. */
  replace(objects: readonly AnyObject[]): void;
  put(object: AnyObject): void;
  remove(object: AnyObject): void;
  /** The resourceVersion that has been come to: what was kept is of it. */
  reached(version: string): void;
}

/** `query`: a selector, the same for the list and the watch. */
export type Collection = Pick<ApiRequest, 'group' | 'resource' | 'namespace' | 'query'>;

const listWithinMs = 30_000;
/** A watch is ended by the server after so long, and by us a little later: so a dead connection does not go unnoticed. */
const watchSeconds = 60;
const watchWithinMs = (watchSeconds + 10) * 1000;
const watching = { allowWatchBookmarks: 'true', timeoutSeconds: String(watchSeconds) };
/** A connection that lasted so long was a good one, even if nothing came. */
const goodConnectionMs = 5_000;
const triesFromOneVersion = 4;

/**
 * Lists a collection, unless its keeper has it as of version `from`, and watches it from there, for ever, as soon as changes are
 * `wanted` (Kubernetes API concepts, "Efficient detection of changes"). After
 * a lost connection or an unreadable line it watches on from the last version seen, so nothing is missed or seen twice; after
 * 410 or any other ERROR of the server it lists again. Ends only by throwing the signal's reason or an error that is final.
 * The client's own Watch is not used: it drops lines it cannot read and does not tell why a stream ended.
 */
export async function follow(
  client: ApiClient,
  collection: Collection,
  keeper: Keeper,
  { from, wanted = Promise.resolve() }: { readonly from: string | undefined; readonly wanted?: Promise<void> },
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let version = from;
  for (let failures = 0; ;) {
    const started = clock.now().getTime();
    let seen = 0;
    try {
      version ??= await listAll(client, collection, keeper, signal);
      await wanted;
      await watchFrom(client, collection, version, signal, (type, object) => {
        if (type === 'DELETED') keeper.remove(object);
        else if (type !== 'BOOKMARK') keeper.put(object);
        version = object.metadata?.resourceVersion ?? version;
        if (version !== undefined) keeper.reached(version);
        seen += 1;
      });
      if (seen === 0 && clock.now().getTime() - started < goodConnectionMs) failures += 1;
      else failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RemoteError)) throw error;
      if (!error.retryable && error.status !== 410) throw error;
      failures = seen > 0 ? 1 : failures + 1;
      if (isOfVersion(error, failures)) version = undefined;
    }
    if (failures > 0) await clock.sleep(pauseMs(failures), signal);
  }
}

/** A line that can never be read must not hold the view back for ever; a token that GitHub did not give says nothing of the version. */
function isOfVersion({ system, status }: RemoteError, failures: number): boolean {
  return system === 'cluster' && (status !== undefined || failures > triesFromOneVersion);
}

async function listAll(
  client: ApiClient,
  collection: Collection,
  keeper: Keeper,
  signal: AbortSignal,
): Promise<string> {
  const request: ApiRequest = { ...collection, verb: 'list', withinMs: listWithinMs };
  const list = await client.json<{ items?: readonly AnyObject[]; metadata?: { resourceVersion?: string } }>(
    request,
    signal,
  );
  const version = list.metadata?.resourceVersion ?? '';
  keeper.replace(list.items ?? []);
  keeper.reached(version);
  return version;
}

type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

async function watchFrom(
  client: ApiClient,
  collection: Collection,
  resourceVersion: string,
  signal: AbortSignal,
  take: (type: ChangeType, object: AnyObject) => void,
): Promise<void> {
  const request: ApiRequest = {
    ...collection,
    verb: 'watch',
    query: { ...collection.query, watch: 'true', resourceVersion, ...watching },
    withinMs: watchWithinMs,
  };
  await client.lines(request, signal, (line) => {
    const { type, object } = JSON.parse(line) as { type: ChangeType | 'ERROR'; object: AnyObject & { code?: number } };
    if (type === 'ERROR') throw client.streamError(request, object.code ?? 500, object);
    if (typeof object.metadata?.resourceVersion !== 'string') throw new Error('an object without resourceVersion');
    take(type, object);
  });
}

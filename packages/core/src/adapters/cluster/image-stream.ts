import type { Digest } from '../../domain/digest.ts';
import { isDigest } from '../../domain/digest.ts';
import { oneLine } from '../../domain/printable.ts';
import type { StreamTag } from '../../domain/workload.ts';
import { ActionError, RemoteError } from '../../errors/errors.ts';
import { answerWithinMs, orNone } from './answers.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import type { Operation } from './images.ts';
import type { WireCondition } from './map.ts';

/** What is read of image.openshift.io/v1, ImageStream (github.com/openshift/api, image/v1/types.go). */
interface ImageStreamObject {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly spec?: { readonly tags?: readonly TagReference[] | null } | null;
  readonly status?: { readonly tags?: readonly TagStatus[] | null } | null;
}

interface Source {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface TagReference {
  readonly name: string;
  readonly from?: Source | null;
  /** 0: the server is to make it the stream's, and to import anew. */
  readonly generation?: number | null;
  readonly importPolicy?: { readonly scheduled?: boolean; readonly importMode?: string } | null;
}

interface TagStatus {
  readonly tag: string;
  readonly items?:
    readonly { readonly image?: string; readonly dockerImageReference?: string; readonly generation?: number }[] | null;
  readonly conditions?: readonly (WireCondition & { readonly generation?: number })[] | null;
}

/** A tag as it is now: what it is to name, and what it does name. */
export class StreamState {
  readonly feed: StreamTag;
  readonly object: ImageStreamObject;

  constructor(feed: StreamTag, object: ImageStreamObject) {
    this.feed = feed;
    this.object = object;
  }

  get spec(): TagReference | undefined {
    return this.object.spec?.tags?.find(({ name }) => name === this.feed.tag);
  }

  get #status(): TagStatus | undefined {
    return this.object.status?.tags?.find(({ tag }) => tag === this.feed.tag);
  }

  /** Digest of the image that the tag names now, as the stream keeps it. */
  get current(): string | undefined {
    return this.#status?.items?.[0]?.image;
  }

  /** What the tag is to name, where that is a digest. */
  get wanted(): string | undefined {
    return digestIn(this.spec?.from?.name);
  }

  /** The stream's own words, where it could not import what the tag is to name now. */
  get failure(): string | undefined {
    const failed = this.#status?.conditions?.find(({ type, status }) => type === 'ImportSuccess' && status === 'False');
    const generation = this.spec?.generation ?? 0;
    const isOfThis = failed !== undefined && generation > 0 && (failed.generation ?? 0) >= generation;
    return isOfThis ? oneLine(`${failed.reason ?? ''}: ${failed.message ?? ''}`, 300) : undefined;
  }

  /** Whether the tag, or the template behind it, is on its way to something other than `image`, which is there. */
  isMovingFrom(image: string, to: string): boolean {
    const next = this.#next;
    return next.length > 0 && !next.includes(to) && !next.includes(digestIn(image) ?? '');
  }

  /** The digests of what the template will have: of what the tag is to name, until that is imported, then of what it names. */
  get #next(): readonly string[] {
    const item = this.#status?.items?.[0];
    const asked = this.spec?.generation ?? undefined;
    const isRead = asked !== 0 && (item?.generation ?? 0) >= (asked ?? 0);
    const digests =
      isRead || this.failure !== undefined ? [item?.image, digestIn(item?.dockerImageReference)] : [this.wanted];
    return digests.filter((one) => one !== undefined);
  }

  /** The tag with the image of a digest: from the stream's own history, which needs no registry, else from the registry. */
  pointedTo(reference: string): TagReference {
    const digest = digestIn(reference) ?? '';
    const has = this.object.status?.tags?.some(({ items }) => items?.some(({ image }) => image === digest));
    const from = has ? this.#inHistory(digest) : { kind: 'DockerImage', name: reference };
    // Else only one platform of an image for several is imported, under a digest of its own.
    return { ...this.spec, ...this.#naming(from, { ...this.spec?.importPolicy, importMode: 'PreserveOriginal' }) };
  }

  /**
   * The tag as it is now, for going back to it; undefined: there is none. By digest: a tag of the registry may have moved by then, to
   * the very image that is not to come.
   */
  get wayBack(): TagReference | undefined {
    const from = this.wanted === undefined && this.current !== undefined ? this.#inHistory(this.current) : undefined;
    const source = from ?? this.spec?.from;
    return source ? { ...this.spec, ...this.#naming(source, this.spec?.importPolicy) } : this.spec;
  }

  #inHistory(digest: string): Source {
    return { kind: 'ImageStreamImage', name: `${this.feed.stream}@${digest}` };
  }

  #naming(from: Source, policy: TagReference['importPolicy']): TagReference {
    // Only a tag of a registry can be imported by schedule: the server takes it for nothing else.
    const isTag = from.kind === 'DockerImage' && digestIn(from.name) === undefined;
    const importPolicy = policy?.scheduled && !isTag ? { ...policy, scheduled: false } : policy;
    return { name: this.feed.tag, from, generation: 0, ...(importPolicy && { importPolicy }) };
  }
}

/** Reads and writes tags of ImageStreams. The virtual kind ImageStreamTag would do the same with one right more. */
export class ImageStreams {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async read(feed: StreamTag, signal: AbortSignal): Promise<StreamState> {
    const object = await orNone(this.#client.json<ImageStreamObject>(requestOf('get', feed), signal));
    if (object) return new StreamState(feed, object);
    throw new RemoteError('cluster', `ImageStream ${feed.namespace}/${feed.stream} does not exist`, {
      status: 404,
      retryable: false,
      hint: 'The image trigger of the workload names it: make the stream, or remove or pause the trigger.',
    });
  }

  /** Puts `tag` in the place of the one that was read, or removes that, unless the stream has changed since it was read: then RemoteError status 409, retryable. */
  async tag(
    state: StreamState,
    tag: TagReference | undefined,
    { dryRun }: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<StreamState> {
    const { feed, object } = state;
    const query = { fieldManager: 'fragalysis-actions', ...(dryRun ? { dryRun: 'All' } : {}) };
    const body = tagPatch(state, tag);
    try {
      const request = { ...requestOf('patch', feed), query, body };
      return new StreamState(feed, await this.#client.json<ImageStreamObject>(request, signal));
    } catch (error) {
      if (!(error instanceof RemoteError) || error.status !== 422) throw error;
      const now = await this.read(feed, signal);
      if (now.object.metadata?.resourceVersion === object.metadata?.resourceVersion) throw error;
      throw new RemoteError('cluster', `${describeTag(feed)} was changed by somebody else`, {
        status: 409,
        retryable: true,
      });
    }
  }
}

function tagPatch({ feed, object }: StreamState, tag: TagReference | undefined): Operation[] {
  const at = object.spec?.tags?.findIndex(({ name }) => name === feed.tag) ?? -1;
  const tests: Operation[] = [
    { op: 'test', path: '/metadata/uid', value: object.metadata?.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion },
  ];
  if (!tag) return at >= 0 ? [...tests, { op: 'remove', path: `/spec/tags/${at}` }] : tests;
  if (at >= 0) return [...tests, { op: 'replace', path: `/spec/tags/${at}`, value: tag }];
  if (object.spec?.tags) return [...tests, { op: 'add', path: '/spec/tags/-', value: tag }];
  return [...tests, { op: 'add', path: '/spec', value: { ...object.spec, tags: [tag] } }];
}

export function importFailed(state: StreamState, reference: string, why: string): ActionError {
  return new ActionError('import-failed', `${describeTag(state.feed)} could not import ${reference}: ${why}`, {
    hint: `See that the registry can be reached from the cluster, with a pull secret in ${state.feed.namespace} that fits.`,
  });
}

export function describeTag({ namespace, stream, tag }: StreamTag): string {
  return `ImageStream ${namespace}/${stream}, tag ${tag},`;
}

export function digestIn(text: string | undefined): Digest | undefined {
  const digest = text?.split('@')[1] ?? '';
  return isDigest(digest) ? digest : undefined;
}

function requestOf(verb: 'get' | 'patch', { namespace, stream: name }: StreamTag): ApiRequest {
  const group = '/apis/image.openshift.io/v1';
  return { verb, resource: 'imagestreams', namespace, name, group, withinMs: answerWithinMs };
}

import { isDeepStrictEqual } from 'node:util';
import { parseImageReference } from '@delivery/core/domain/image-reference';
import type { Registry } from '@delivery/core/ports/registry';
import type { ImageStream, TagItem, TagStatus, Writer } from './objects.ts';

type Tag = NonNullable<NonNullable<ImageStream['spec']>['tags']>[number];

/**
 * What OpenShift's API server does when a tag is written, and its controller when a tag is to be imported
 * (openshift-controller-manager, pkg/image/controller/imagestream_controller.go; openshift/api, image/v1/types.go).
 */
export async function reconcileStream(
  stream: ImageStream,
  registry: Registry,
  writer: Writer,
  signal: AbortSignal,
): Promise<void> {
  const unstamped = (stream.spec?.tags ?? []).findIndex(({ from, generation }) => from && !generation);
  if (unstamped >= 0) {
    // Stamping it is a change of the spec here, which the real server does within the write itself.
    const generation = (stream.metadata.generation ?? 0) + 1;
    await writer.set('imagestreams', stream, { [`/spec/tags/${unstamped}/generation`]: generation });
    return;
  }
  const { namespace, name } = stream.metadata;
  const tags = new Map((stream.status?.tags ?? []).map((status) => [status.tag, status]));
  for (const tag of stream.spec?.tags ?? []) {
    const before = tags.get(tag.name) ?? { tag: tag.name, items: [] };
    if (tag.from && (tag.generation ?? 0) > observed(before))
      tags.set(tag.name, await read(tag, before, stream, registry, signal));
  }
  const status = {
    dockerImageRepository: `image-registry.openshift-image-registry.svc:5000/${namespace}/${name}`,
    tags: [...tags.values()],
  };
  if (!isDeepStrictEqual(status, { tags: [], ...stream.status }))
    await writer.set('imagestreams', stream, { '/status': status }, '/status');
}

function observed({ items, conditions = [] }: TagStatus): number {
  const generations = conditions.map((condition) => (condition as { generation?: number }).generation ?? 0);
  return Math.max(0, items[0]?.generation ?? 0, ...generations);
}

async function read(
  tag: Tag,
  before: TagStatus,
  stream: ImageStream,
  registry: Registry,
  signal: AbortSignal,
): Promise<TagStatus> {
  const generation = tag.generation ?? 0;
  const found = await find(tag, stream, registry, signal);
  if (typeof found === 'string') {
    const failed = { type: 'ImportSuccess', status: 'False', reason: 'NotFound', message: found, generation };
    return { ...before, conditions: [{ ...failed, lastTransitionTime: now() }] };
  }
  const [last, ...older] = before.items;
  const item: TagItem = { created: now(), ...found, generation };
  const isSame = last?.image === item.image && last.dockerImageReference === item.dockerImageReference;
  return { tag: tag.name, items: isSame ? [{ ...last, generation }, ...older] : [item, ...before.items] };
}

async function find(
  { from, importPolicy }: Tag,
  stream: ImageStream,
  registry: Registry,
  signal: AbortSignal,
): Promise<Pick<TagItem, 'image' | 'dockerImageReference'> | string> {
  const name = from?.name ?? '';
  if (importPolicy?.scheduled && !isTagOfRegistry(from)) return `${name}: only tags can be scheduled for import`;
  if (from?.kind === 'ImageStreamImage') return findInHistory(name, stream);
  const reference = parseImageReference(name);
  if (from?.kind !== 'DockerImage' || !reference) return `${name} is of no kind that is known here`;
  const manifest = await registry.readManifest(reference, reference.digest ?? reference.tag ?? 'latest', signal);
  if (!manifest) return `dockerimage.image.openshift.io "${name}" not found`;
  const { host, path } = reference;
  return { image: manifest.digest, dockerImageReference: `${host}/${path}@${manifest.digest}` };
}

/** The real server refuses to write a schedule for another (openshift-apiserver, pkg/image/apis/image/validation); the schema does not. */
function isTagOfRegistry(from: Tag['from']): boolean {
  return from?.kind === 'DockerImage' && !from.name.includes('@');
}

function findInHistory(
  name: string,
  { status, metadata }: ImageStream,
): Pick<TagItem, 'image' | 'dockerImageReference'> | string {
  const items = status?.tags?.flatMap((tag) => tag.items) ?? [];
  const item = items.find(({ image }) => name === `${metadata.name}@${image}`);
  if (!item) return `imagestreamimage ${name} not found`;
  return { image: item.image, dockerImageReference: item.dockerImageReference };
}

/** What a trigger writes for a tag; undefined: nothing yet (library-go, pkg/image/imageutil/helpers.go, ResolveLatestTaggedImage). */
export function resolveTag(streams: readonly ImageStream[], namespace: string, name: string): string | undefined {
  const [streamName, tagName] = name.split(':');
  const stream = streams.find(({ metadata }) => metadata.namespace === namespace && metadata.name === streamName);
  const item = stream?.status?.tags?.find(({ tag }) => tag === tagName)?.items[0];
  if (!stream || !item) return undefined;
  const spec = stream.spec?.tags?.find((tag) => tag.name === tagName);
  const isLocal = spec?.referencePolicy?.type === 'Local';
  return isLocal ? `${stream.status.dockerImageRepository ?? ''}@${item.image}` : item.dockerImageReference;
}

export function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

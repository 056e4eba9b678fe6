import { runsImage } from '@delivery/core/domain/rollout/health';
import type { Container, StreamTag, Workload, WorkloadReference } from '@delivery/core/domain/workload';
import { describeWorkload } from '@delivery/core/domain/workload';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import type { ImageChange } from '@delivery/core/ports/cluster';

export function tagName({ namespace, stream, tag }: StreamTag): string {
  return `${namespace}/${stream}:${tag}`;
}

type Fed = Container & { readonly fedBy: StreamTag };

/** The containers that a trigger feeds and that get another image. */
export function fedBy(workload: Workload, { images }: ImageChange): [Fed, string][] {
  return workload.containers.flatMap((container) => {
    const image = images[container.name];
    const { fedBy: tag } = container;
    return tag && image !== undefined && !runsImage(container, image) ? [[{ ...container, fedBy: tag }, image]] : [];
  });
}

/** The change as it ends up in the template. Throws `import-failed`. */
export function inWords(
  workload: Workload,
  change: ImageChange,
  imported: (image: string) => string | undefined,
): ImageChange {
  const images = { ...change.images };
  for (const container of workload.containers) {
    const image = images[container.name];
    if (!container.fedBy || image === undefined) continue;
    const written = runsImage(container, image) ? container.image : imported(image);
    if (written === undefined)
      throw new ActionError('import-failed', `${tagName(container.fedBy)} could not import ${image}`);
    images[container.name] = written;
  }
  return { ...change, images };
}

/** Throws what setImages does for a change that does not fit. */
export function requireFit(workload: Workload, change: ImageChange): void {
  requireContainers(workload, change);
  requireExpected(workload, change);
}

function requireExpected(workload: Workload, { images, expected = {} }: ImageChange): void {
  for (const container of workload.containers) {
    const image = expected[container.name];
    if (image === undefined || image === container.image) continue;
    const meant = [image, images[container.name] ?? image];
    if (container.fedBy && meant.some((one) => runsImage(container, one))) continue;
    const message = `${describeWorkload(workload)} was changed by somebody else`;
    throw new RemoteError('cluster', message, { status: 409, retryable: false });
  }
}

export function missing(workload: WorkloadReference): RemoteError {
  return new RemoteError('cluster', `${describeWorkload(workload)} does not exist`, { status: 404, retryable: false });
}

export function silent(workload: Workload, fed: readonly [Fed, string][], keepTags = false): ActionError {
  const tags = fed.map(
    ([container, image]) => `${tagName(container.fedBy)} ${keepTags ? `stays set to ${image}` : 'is set back'}`,
  );
  const message = `the trigger of ${describeWorkload(workload)} has not brought the image. ${tags.join('; ')}`;
  return new ActionError('trigger-silent', message);
}

function requireContainers(workload: Workload, { images, expected = {} }: ImageChange): void {
  const there = workload.containers.map(({ name }) => name);
  const missing = [...Object.keys(images), ...Object.keys(expected)].find((name) => !there.includes(name));
  if (missing === undefined) return;
  const message = `${describeWorkload(workload)} has no container ${missing}; it has: ${there.join(', ')}`;
  throw new ActionError('container-unknown', message);
}

export function withChange(workload: Workload, { images, annotations }: ImageChange): Workload {
  const containers = workload.containers.map((container) => ({
    ...container,
    image: images[container.name] ?? container.image,
  }));
  const isNew = containers.some(({ image }, index) => image !== workload.containers[index]?.image);
  const merged = Object.entries({ ...workload.annotations, ...annotations });
  return {
    ...workload,
    containers,
    generation: workload.generation + (isNew ? 1 : 0),
    annotations: Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null)),
  };
}

import { runsImage } from '@delivery/core/domain/rollout/health';
import type { Container, StreamTag, Workload } from '@delivery/core/domain/workload';
import { describeWorkload } from '@delivery/core/domain/workload';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import type { ImageChange } from '@delivery/core/ports/cluster';

export function tagName({ namespace, stream, tag }: StreamTag): string {
  return `${namespace}/${stream}:${tag}`;
}

/** The containers that a trigger feeds and that get another image. */
export function fedBy(workload: Workload, { images }: ImageChange): [Container & { fedBy: StreamTag }, string][] {
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

export function requireExpected(workload: Workload, { images, expected = {} }: ImageChange): void {
  for (const container of workload.containers) {
    const image = expected[container.name];
    if (image === undefined || image === container.image) continue;
    const meant = [image, images[container.name] ?? image];
    if (container.fedBy && meant.some((one) => runsImage(container, one))) continue;
    const message = `${describeWorkload(workload)} was changed by somebody else`;
    throw new RemoteError('cluster', message, { status: 409, retryable: false });
  }
}

export function requireContainers(workload: Workload, { images, expected = {} }: ImageChange): void {
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

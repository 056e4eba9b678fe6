import type { V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import { ActionError, RemoteError } from '../../errors/errors.ts';
import type { Workload, WorkloadReference } from '../../domain/workload.ts';
import { runsImage } from '../../domain/rollout/health.ts';
import { describeWorkload } from '../../domain/workload.ts';
import type { ImageChange } from '../../ports/cluster.ts';
import type { DeploymentConfigObject } from './deployment-config.ts';
import { toDeploymentConfig } from './deployment-config.ts';
import type { Wire } from './map.ts';
import { toWorkload } from './map.ts';

export type WorkloadObject = Wire<V1Deployment> | Wire<V1StatefulSet> | DeploymentConfigObject;

export function workloadOf({ kind }: WorkloadReference, object: WorkloadObject): Workload {
  return kind === 'DeploymentConfig' ? toDeploymentConfig(object) : toWorkload(kind, object);
}

/**
 * The change in the words of the workload: where a trigger feeds a container, and its image is the one that is meant, by whatever name,
 * it is expected, and stays. Another workload that the same tag feeds may have brought it.
 */
export function inWordsOf(
  { containers }: Workload,
  { images, annotations, expected = {} }: ImageChange,
): Required<ImageChange> {
  const fed = containers.filter(({ fedBy }) => fedBy !== undefined);
  const words = { ...expected };
  const there = new Set<string>();
  for (const container of fed) {
    const { name, image } = container;
    if (images[name] !== undefined && runsImage(container, images[name])) there.add(name);
    if (words[name] !== undefined && (there.has(name) || runsImage(container, words[name]))) words[name] = image;
  }
  const left = Object.entries(images).filter(([name]) => !there.has(name));
  return { images: Object.fromEntries(left), annotations, expected: words };
}

/** Those of `images` that only a trigger can set. */
export function fedImages({ containers }: Workload, images: ImageChange['images']): Record<string, string> {
  const names = new Set(containers.flatMap(({ name, fedBy }) => (fedBy ? [name] : [])));
  return Object.fromEntries(Object.entries(images).filter(([name]) => names.has(name)));
}

/** One operation of a JSON patch (RFC 6902). The API server applies all of them or none. */
export type Operation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The patch of a change to the object as it was read. Containers are named by their place, so `test` operations hold the
 * places, and the images of `expected`, to what was read. Throws ActionError when a container does not exist.
 */
export function imagePatch(object: WorkloadObject, workload: Workload, change: ImageChange): Operation[] {
  const { images, annotations, expected = {} } = change;
  const unknown = [...Object.keys(images), ...Object.keys(expected)].filter(
    (name) => !workload.containers.some((container) => container.name === name),
  );
  if (unknown.length > 0) throw unknownContainers(workload, unknown);
  const template = object.spec?.template?.spec;
  return [
    { op: 'test', path: '/metadata/uid', value: workload.uid },
    ...containerPatch('initContainers', template?.initContainers, change),
    ...containerPatch('containers', template?.containers, change),
    ...annotationPatch(object.metadata?.annotations ?? undefined, annotations),
  ];
}

function containerPatch(
  list: 'initContainers' | 'containers',
  containers: readonly { readonly name?: string | null }[] | null | undefined,
  { images, expected = {} }: ImageChange,
): Operation[] {
  return (containers ?? []).flatMap(({ name }, index) => {
    const place = `/spec/template/spec/${list}/${index}`;
    const [image, before] = [images[name ?? ''], expected[name ?? '']];
    const operations: Operation[] = [];
    if (image !== undefined || before !== undefined)
      operations.push({ op: 'test', path: `${place}/name`, value: name });
    if (before !== undefined) operations.push({ op: 'test', path: `${place}/image`, value: before });
    if (image !== undefined) operations.push({ op: 'replace', path: `${place}/image`, value: image });
    return operations;
  });
}

function annotationPatch(
  present: Readonly<Record<string, unknown>> | undefined,
  wanted: ImageChange['annotations'],
): Operation[] {
  const at = (key: string) => `/metadata/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const operations = Object.entries(wanted).flatMap(([key, value]): Operation[] => {
    if (value !== null) return [{ op: 'add', path: at(key), value }];
    return present?.[key] === undefined ? [] : [{ op: 'remove', path: at(key) }];
  });
  if (operations.length === 0 || present !== undefined) return operations;
  return [
    { op: 'test', path: '/metadata/annotations', value: null },
    { op: 'add', path: '/metadata/annotations', value: {} },
    ...operations,
  ];
}

/** Throws RemoteError status 409 when an image is not the expected one any more. */
export function requireExpected(workload: Workload, expected: ImageChange['expected']): void {
  const other = workload.containers.find(
    ({ name, image }) => expected?.[name] !== undefined && expected[name] !== image,
  );
  if (other) throw conflict(workload, `container ${other.name} runs ${other.image} now, not ${expected?.[other.name]}`);
}

/** Whether the change is there already: a request whose answer was lost may have done its work. */
export function isDone(workload: Workload, { images, annotations }: ImageChange): boolean {
  return (
    workload.containers.every(({ name, image }) => (images[name] ?? image) === image) &&
    Object.entries(annotations).every(([key, value]) => (workload.annotations[key] ?? null) === value)
  );
}

export function conflict(workload: Workload, what: string, { retryable = false } = {}): RemoteError {
  return new RemoteError('cluster', `${describeWorkload(workload)} was changed by somebody else: ${what}`, {
    status: 409,
    retryable,
    hint: 'Nothing was changed. Find out who else deploys to this namespace, then run it again.',
  });
}

function unknownContainers(workload: Workload, names: readonly string[]): ActionError {
  const there = workload.containers.map(({ name, init }) => (init ? `${name} (init)` : name)).join(', ');
  const missing = [...new Set(names)].join(', ');
  return new ActionError(
    'container-unknown',
    `${describeWorkload(workload)} has no container ${missing}; it has: ${there}`,
    {
      hint: 'Correct the container of this workload in delivery.yaml.',
    },
  );
}

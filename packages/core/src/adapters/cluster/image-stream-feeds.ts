import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Container, StreamTag } from '../../domain/workload.ts';
import type { Wire } from './map.ts';

/**
 * How OpenShift's trigger controller reads its two kinds of triggers (openshift-controller-manager, pkg/image/trigger;
 * library-go, pkg/image/trigger/annotations.go): what it would not read right, it ignores, and so does this.
 */
const triggersAnnotation = 'image.openshift.io/triggers';

interface ObjectReference {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** spec.triggers[] of a DeploymentConfig. */
export interface DeploymentTrigger {
  readonly type?: string;
  readonly imageChangeParams?: {
    readonly automatic?: boolean;
    readonly containerNames?: readonly string[];
    readonly from?: ObjectReference;
    readonly lastTriggeredImage?: string;
  };
}

/** Gives each container that a live trigger of the annotation feeds its tag. */
export function fedByAnnotation(containers: readonly Container[], metadata: Partial<Wire<V1ObjectMeta>>): Container[] {
  const triggers = triggersIn(metadata.annotations?.[triggersAnnotation]);
  return containers.map((container) => {
    const trigger = triggers.find(({ fieldPath }) => containerAt(fieldPath, containers) === container);
    return withTag(container, trigger?.paused === true ? undefined : trigger?.from, metadata.namespace ?? '');
  });
}

/** The same for the triggers of a DeploymentConfig. */
export function fedByTriggers(
  containers: readonly Container[],
  triggers: readonly DeploymentTrigger[],
  namespace: string,
): Container[] {
  const live = triggers.flatMap(({ imageChangeParams }) => (imageChangeParams?.automatic ? [imageChangeParams] : []));
  return containers.map((container) => {
    const trigger = live.findLast(({ containerNames }) => containerNames?.includes(container.name));
    return withTag(container, trigger?.from, namespace);
  });
}

interface AnnotationTrigger {
  readonly from: ObjectReference;
  readonly fieldPath: string;
  readonly paused?: boolean;
}

/** None where the controller would find the text wrong: such as `paused` as a text, or a path that is there twice. */
function triggersIn(annotation: string | null | undefined): readonly AnnotationTrigger[] {
  let json: unknown;
  try {
    json = JSON.parse(annotation ?? '');
  } catch {
    return [];
  }
  if (!Array.isArray(json) || !json.every(isTrigger)) return [];
  return new Set(json.map(({ fieldPath }) => fieldPath)).size === json.length ? json : [];
}

function isTrigger(value: unknown): value is AnnotationTrigger {
  const { from, fieldPath, paused = false } = (value ?? {}) as Partial<Record<keyof AnnotationTrigger, unknown>>;
  return typeof from === 'object' && from !== null && typeof fieldPath === 'string' && typeof paused === 'boolean';
}

function containerAt(path: string, containers: readonly Container[]): Container | undefined {
  const [, list, index, name] =
    /^spec\.template\.spec\.(containers|initContainers)\[(?:(\d+)|\?\(@\.name=="([^"]+)"\))\]\.image$/.exec(path) ?? [];
  const some = containers.filter(({ init }) => init === (list === 'initContainers'));
  return list === undefined
    ? undefined
    : name === undefined
      ? some[Number(index)]
      : some.find((one) => one.name === name);
}

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const namespaceName = new RegExp(`^${label}$`);
const streamTag = new RegExp(`^(?=.{1,253}:)(${label}(?:\\.${label})*):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$`);

/** What could be no name is no trigger: the names become part of the addresses of requests. */
function withTag(container: Container, from: ObjectReference | undefined, own: string): Container {
  const [, stream, tag] = streamTag.exec(from?.kind === 'ImageStreamTag' ? textOf(from.name) : '') ?? [];
  const namespace = from?.namespace ?? own;
  if (stream === undefined || tag === undefined || !namespaceName.test(textOf(namespace))) return container;
  const fedBy: StreamTag = { namespace, stream, tag };
  return { ...container, fedBy };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

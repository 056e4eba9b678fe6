import type {
  CoreV1Event,
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Deployment,
  V1DeploymentSpec,
  V1DeploymentStatus,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1ReplicaSet,
  V1ReplicationController,
  V1StatefulSet,
  V1StatefulSetSpec,
  V1StatefulSetStatus,
  V1StatefulSetUpdateStrategy,
} from '@kubernetes/client-node';
import type {
  ClusterEvent,
  Condition,
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  ReplicaSet,
  Workload,
} from '../../domain/workload.ts';
import { fedByAnnotation } from './image-stream-feeds.ts';

/** An object as it comes over the wire: JSON, so times are text, and what Go leaves out when empty may be null. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[] | null
    : T extends object
      ? { readonly [Key in keyof T]?: Wire<T[Key]> | null }
      : T;

export function toWorkload(
  kind: 'Deployment' | 'StatefulSet',
  object: Wire<V1Deployment> | Wire<V1StatefulSet>,
): Workload {
  const metadata = orEmpty(object.metadata);
  const spec: Partial<Wire<V1DeploymentSpec & V1StatefulSetSpec>> = orEmpty(object.spec);
  const status: Partial<Wire<V1DeploymentStatus & V1StatefulSetStatus>> = orEmpty(object.status);
  return {
    kind,
    ...toProgress(object),
    paused: spec.paused === true,
    partial: isPartial(orEmpty(spec.updateStrategy)),
    containers: fedByAnnotation(toContainers(orEmpty(orEmpty(spec.template).spec)), metadata),
    wanted: spec.replicas ?? 1,
    updateRevision: text(status.updateRevision),
    currentRevision: text(status.currentRevision),
  };
}

function isPartial({ type, rollingUpdate }: Partial<Wire<V1StatefulSetUpdateStrategy>>): boolean {
  return type === 'OnDelete' || count(orEmpty(rollingUpdate).partition) > 0;
}

/** What every kind of workload has, in the same places. */
export interface WireProgress {
  readonly metadata?: Wire<V1ObjectMeta> | null;
  readonly status?: {
    readonly observedGeneration?: number | null;
    readonly replicas?: number | null;
    readonly updatedReplicas?: number | null;
    readonly readyReplicas?: number | null;
    readonly availableReplicas?: number | null;
    readonly conditions?: readonly WireCondition[] | null;
  } | null;
}

/** How far it is with its template. */
export function toProgress(object: WireProgress) {
  const metadata = orEmpty(object.metadata);
  const status = orEmpty(object.status);
  return {
    ...identity(metadata),
    generation: count(metadata.generation),
    observedGeneration: count(status.observedGeneration),
    annotations: orEmpty(metadata.annotations) as Record<string, string>,
    replicas: count(status.replicas),
    updated: count(status.updatedReplicas),
    ready: count(status.readyReplicas),
    available: count(status.availableReplicas),
    conditions: toConditions(status.conditions),
  };
}

/** `annotation` holds the revision of its template. */
export function toReplicaSet(
  object: Wire<V1ReplicaSet> | Wire<V1ReplicationController>,
  annotation = 'deployment.kubernetes.io/revision',
): ReplicaSet {
  const metadata = orEmpty(object.metadata);
  const { name, uid } = identity(metadata);
  return {
    name,
    uid,
    ownerUid: ownerOf(metadata),
    revision: Number(orEmpty(metadata.annotations)[annotation] ?? 0) || 0,
    conditions: toConditions(orEmpty(object.status).conditions),
  };
}

export function toPod(object: Wire<V1Pod>): Pod {
  const metadata = orEmpty(object.metadata);
  const status = orEmpty(object.status);
  const labels = orEmpty(metadata.labels);
  return {
    ...identity(metadata),
    ownerUid: ownerOf(metadata),
    revision: text(labels['controller-revision-hash'] ?? labels['pod-template-hash']),
    labels: labels as Record<string, string>,
    phase: text(status.phase),
    reason: text(status.reason),
    deleting: typeof metadata.deletionTimestamp === 'string',
    createdAt: toDate(metadata.creationTimestamp),
    conditions: toConditions(status.conditions),
    containers: [
      ...(status.initContainerStatuses ?? []).map((container) => toContainerStatus(container, true)),
      ...(status.containerStatuses ?? []).map((container) => toContainerStatus(container, false)),
    ],
  };
}

/** Events come in two shapes: counted by the sender (count, lastTimestamp), or as a series (eventTime, series). */
export function toEvent(event: Wire<CoreV1Event>): ClusterEvent {
  const series = orEmpty(event.series);
  const object = orEmpty(event.involvedObject);
  const created = orEmpty(event.metadata).creationTimestamp;
  return {
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: text(event.reason),
    message: text(event.message),
    object: { kind: text(object.kind), name: text(object.name), uid: text(object.uid) },
    count: series.count ?? event.count ?? 1,
    lastSeen: toDate(series.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? created),
  };
}

export function toContainers({ initContainers, containers }: Partial<Wire<V1PodSpec>>): Container[] {
  const of = (list: readonly Wire<V1Container>[] | null | undefined, init: boolean) =>
    (list ?? []).map(({ name, image }) => ({ name: text(name), image: text(image), init }));
  return [...of(initContainers, true), ...of(containers, false)];
}

function toContainerStatus(status: Wire<V1ContainerStatus>, init: boolean): ContainerStatus {
  const last = toState(orEmpty(status.lastState));
  return {
    name: text(status.name),
    init,
    image: text(status.image),
    ...(status.imageID ? { imageId: status.imageID } : {}),
    ready: status.ready === true,
    restarts: count(status.restartCount),
    // "If none of them is specified, the default one is ContainerStateWaiting" (API reference, ContainerState)
    state: toState(orEmpty(status.state)) ?? { is: 'waiting', reason: '', message: '' },
    last: last?.is === 'terminated' ? last : undefined,
  };
}

function toState({ running, terminated, waiting }: Partial<Wire<V1ContainerState>>): ContainerState | undefined {
  if (running) return { is: 'running', startedAt: toDate(running.startedAt) };
  if (terminated)
    return {
      is: 'terminated',
      exitCode: count(terminated.exitCode),
      signal: count(terminated.signal),
      reason: text(terminated.reason),
      message: text(terminated.message),
      finishedAt: toDate(terminated.finishedAt),
    };
  return waiting ? { is: 'waiting', reason: text(waiting.reason), message: text(waiting.message) } : undefined;
}

export interface WireCondition {
  readonly type?: string | null;
  readonly status?: string | null;
  readonly reason?: string | null;
  readonly message?: string | null;
}

export function toConditions(conditions: readonly WireCondition[] | null | undefined): Condition[] {
  return (conditions ?? []).map(({ type, status, reason, message }) => ({
    type: text(type),
    status: status === 'True' || status === 'False' ? status : 'Unknown',
    reason: text(reason),
    message: text(message),
  }));
}

type Metadata = Partial<Wire<V1ObjectMeta>>;

export function identity({ namespace, name, uid }: Metadata): { namespace: string; name: string; uid: string } {
  return { namespace: text(namespace), name: text(name), uid: text(uid) };
}

export function ownerOf({ ownerReferences }: Metadata): string {
  return text(ownerReferences?.find((owner) => owner.controller === true)?.uid);
}

/** The start of 1970 when there is no time: such an object is older than any other. */
export function toDate(time: string | null | undefined): Date {
  const date = new Date(time ?? 0);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

export function text(value: string | null | undefined): string {
  return value ?? '';
}

export function count(value: number | null | undefined): number {
  return value ?? 0;
}

export function orEmpty<T extends object>(value: T | null | undefined): Partial<T> {
  return value ?? {};
}

import type { ClusterEvent, ContainerStatus, NamespaceView, Pod, Workload } from '@delivery/core/domain/workload';
import { newPod, newWorkload } from '@delivery/testing/fake-cluster';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const start = new Date('2026-09-15T16:00:00Z');
export const image = `registry.example.org/dev/web-stream@sha256:${'a'.repeat(64)}`;

export function later(ms: number): Date {
  return new Date(start.getTime() + ms);
}

/** A namespace as a cluster of Kubernetes 1.34 showed it at one moment of a rollout. */
export function readView(name: string): NamespaceView {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8');
  return JSON.parse(text, (key: string, value: unknown) =>
    /^(?:createdAt|lastSeen|startedAt|finishedAt)$/.test(key) ? new Date(value as string) : value,
  ) as NamespaceView;
}

/** The Deployment web in its second template, being rolled out, with one pod of it. */
export function rolloutOf(
  container: Partial<ContainerStatus>,
  given: { pod?: Partial<Pod>; events?: Partial<ClusterEvent>[]; workload?: Partial<Workload> } = {},
): { workload: Workload; pod: Pod; view: NamespaceView } {
  const workload = newWorkload({
    uid: 'web-uid',
    generation: 2,
    observedGeneration: 2,
    wanted: 1,
    replicas: 2,
    updated: 1,
    ready: 1,
    available: 1,
    containers: [{ name: 'web', image, init: false }],
    annotations: { 'deployment.kubernetes.io/revision': '2' },
    ...given.workload,
  });
  const status: ContainerStatus = {
    name: 'web',
    init: false,
    image,
    ready: false,
    restarts: 0,
    state: { is: 'waiting', reason: 'ContainerCreating', message: '' },
    last: undefined,
    ...container,
  };
  const pod = newPod({
    name: 'web-2',
    uid: 'pod-2',
    ownerUid: 'rs-2',
    createdAt: start,
    containers: [status],
    ...given.pod,
  });
  const sets = [1, 2].map((revision) => ({
    name: `web-rs-${revision}`,
    uid: `rs-${revision}`,
    ownerUid: workload.uid,
    revision,
    conditions: [],
  }));
  const events = (given.events ?? []).map((event) => ({ ...newEvent(pod), ...event }));
  return { workload, pod, view: { workloads: [workload], replicaSets: sets, pods: [pod], events } };
}

function newEvent(pod: Pod): ClusterEvent {
  const object = { kind: 'Pod', name: pod.name, uid: pod.uid };
  return { type: 'Warning', reason: '', message: '', object, count: 1, lastSeen: start };
}

import type { ClusterEvent, NamespaceView } from '../../domain/workload.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient } from './api-client.ts';
import { Bell } from './bell.ts';
import type { Collection } from './follow.ts';
import { toEvent, toPod, toReplicaSet, toWorkload } from './map.ts';
import { Shelf } from './shelf.ts';
import { shelfViews } from './shelf-views.ts';

const maxEvents = 1000;

/** See Cluster.watchNamespace. */
export function watchNamespace(
  client: ApiClient,
  namespace: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<NamespaceView, never, undefined> {
  const bell = new Bell();
  const apps = (resource: string): Collection => ({ group: '/apis/apps/v1', resource, namespace });
  const core = (resource: string): Collection => ({ group: '/api/v1', resource, namespace });
  const deployments = new Shelf(apps('deployments'), bell, (object) => toWorkload('Deployment', object));
  const statefulSets = new Shelf(apps('statefulsets'), bell, (object) => toWorkload('StatefulSet', object));
  const replicaSets = new Shelf(apps('replicasets'), bell, toReplicaSet);
  const pods = new Shelf(core('pods'), bell, toPod);
  const events = new Shelf(core('events'), bell, toEvent, { bound: { most: maxEvents, choose: newest } });
  const view = (): NamespaceView => ({
    workloads: [...deployments.items(), ...statefulSets.items()],
    replicaSets: replicaSets.items(),
    pods: pods.items(),
    events: newest(events.items()),
  });
  return shelfViews(
    client,
    { shelves: [deployments, statefulSets, replicaSets, pods, events], bell },
    view,
    clock,
    signal,
  );
}

/** The newest events, the oldest of them first. */
export function newest(events: readonly ClusterEvent[]): ClusterEvent[] {
  return events.toSorted((a, b) => a.lastSeen.getTime() - b.lastSeen.getTime()).slice(-maxEvents);
}

import type { ClusterEvent, NamespaceView, WorkloadKind } from '../../domain/workload.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ApiClient } from './api-client.ts';
import { Bell } from './bell.ts';
import { deploymentConfigGroup, toDeploymentConfig, toReplicationController } from './deployment-config.ts';
import type { Collection } from './follow.ts';
import { toEvent, toPod, toReplicaSet, toWorkload } from './map.ts';
import { Shelf } from './shelf.ts';
import { shelfViews } from './shelf-views.ts';

const maxEvents = 1000;

/** See Cluster.watchNamespace. */
export function watchNamespace(
  client: ApiClient,
  namespace: string,
  kinds: readonly WorkloadKind[],
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
  // A cluster without OpenShift's kinds answers 404, so they are asked for only where a project has one.
  const openShift = kinds.includes('DeploymentConfig')
    ? {
        configs: new Shelf(
          { group: deploymentConfigGroup, resource: 'deploymentconfigs', namespace },
          bell,
          toDeploymentConfig,
        ),
        controllers: new Shelf(core('replicationcontrollers'), bell, toReplicationController),
      }
    : undefined;
  const view = (): NamespaceView => ({
    workloads: [...deployments.items(), ...statefulSets.items(), ...(openShift?.configs.items() ?? [])],
    replicaSets: [...replicaSets.items(), ...(openShift?.controllers.items() ?? [])],
    pods: pods.items(),
    events: newest(events.items()),
  });
  const shelves = [deployments, statefulSets, replicaSets, pods, events, ...Object.values(openShift ?? {})];
  return shelfViews(client, { shelves, bell }, view, clock, signal);
}

/** The newest events, the oldest of them first. */
export function newest(events: readonly ClusterEvent[]): ClusterEvent[] {
  return events.toSorted((a, b) => a.lastSeen.getTime() - b.lastSeen.getTime()).slice(-maxEvents);
}

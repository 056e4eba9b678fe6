import { jest } from '@jest/globals';
import type { KubernetesObject } from '@kubernetes/client-node';
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import type { Container, Pod } from '@delivery/core/domain/workload';
import type { ClusterKit } from '@delivery/testing/contracts/cluster-kit';
import { clusterContract } from '@delivery/testing/contracts/cluster';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readState } from '../ground/state.ts';

async function realKit(): Promise<ClusterKit> {
  const config = groundConfig();
  const api = KubernetesObjectApi.makeApiClient(config);
  const make = (kind: string, metadata: object, rest: object = {}) => api.create(manifest(kind, metadata, rest));
  const namespace = `contract-${randomBytes(4).toString('hex')}`;
  await make('Namespace', { name: namespace });
  // Without a controller manager nobody else makes it, and no pod is admitted without it.
  await orAlready(make('ServiceAccount', { name: 'default', namespace }));
  const remove = (kind: string, name: string) =>
    api.delete(manifest(kind, { name, namespace }), undefined, undefined, 0);
  return {
    cluster: connectCluster({
      env: { KUBECONFIG: readState().cluster.kubeconfig },
      clock: systemClock,
      mask: () => {},
    }).cluster,
    namespace,
    async createWorkload({ kind, name }, containers, annotations) {
      await make(kind, { name, namespace, annotations }, { spec: workloadSpec(name, containers) });
    },
    async deleteWorkload({ kind, name }) {
      await remove(kind, name);
    },
    async createPod(name) {
      // A scheduler that does not exist: no node ever takes the pod, so nobody else writes its status.
      const spec = { schedulerName: 'nobody', containers: [{ name: 'main', image: 'registry.example.org/main:1' }] };
      await make('Pod', { name, namespace }, { spec });
    },
    async setWaiting(name, reason, message) {
      const state = { waiting: { reason, message } };
      const status = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state };
      const body = { status: { containerStatuses: [status] } };
      const options = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
      await config.makeApiClient(CoreV1Api).patchNamespacedPodStatus({ name, namespace, body }, options);
    },
    async deletePod(name) {
      await remove('Pod', name);
    },
    async createEvent(name, reason, message) {
      const { metadata: pod } = await config.makeApiClient(CoreV1Api).readNamespacedPod({ name, namespace });
      const involvedObject = { kind: 'Pod', name, namespace, uid: pod?.uid };
      const lastTimestamp = new Date().toISOString();
      const event = { involvedObject, reason, message, type: 'Warning', count: 1, lastTimestamp };
      await make('Event', { name: `${name}.${randomBytes(4).toString('hex')}`, namespace }, event);
    },
    async close() {
      await api.delete(manifest('Namespace', { name: namespace }));
    },
  };
}

function groundConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(readState().cluster.kubeconfig);
  return config;
}

/** Runs a real container to its end. */
async function createPodWithLog({ cluster, namespace }: ClusterKit, lines: readonly string[]): Promise<Pod> {
  const { registries, images, registryLogins } = readState();
  const api = KubernetesObjectApi.makeApiClient(groundConfig());
  const logins = { data: { '.dockerconfigjson': readFileSync(registryLogins).toString('base64') } };
  const secret = { type: 'kubernetes.io/dockerconfigjson', ...logins };
  await api.create(manifest('Secret', { name: 'logins', namespace }, secret));
  const image = `${registries.basic.host}/${images.busybox}`;
  const container = { name: 'main', image, command: ['sh', '-c', 'printf "%s\\n" "$@"', 'sh', ...lines] };
  const spec = { restartPolicy: 'Never', imagePullSecrets: [{ name: 'logins' }], containers: [container] };
  await api.create(manifest('Pod', { name: 'speaker', namespace }, { spec }));
  for await (const { pods } of cluster.watchNamespace(namespace, [], AbortSignal.timeout(60_000))) {
    const ended = pods.find((pod) => pod.containers[0]?.state.is === 'terminated');
    if (ended) return ended;
  }
  throw new Error('the watch ended');
}

function manifest(kind: string, metadata: object, rest: object = {}): KubernetesObject {
  const apiVersion = kind === 'Deployment' || kind === 'StatefulSet' ? 'apps/v1' : 'v1';
  return { apiVersion, kind, metadata, ...rest };
}

function workloadSpec(name: string, containers: readonly Container[]): object {
  const labels = { app: name };
  const of = (init: boolean) =>
    containers
      .filter((container) => container.init === init)
      .map((container) => ({ name: container.name, image: container.image }));
  return {
    replicas: 0,
    selector: { matchLabels: labels },
    serviceName: name,
    template: { metadata: { labels }, spec: { initContainers: of(true), containers: of(false) } },
  };
}

async function orAlready(created: Promise<unknown>): Promise<void> {
  await created.catch((error: unknown) => {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
  });
}

jest.setTimeout(90_000);
clusterContract('The adapter of a real API server', realKit, createPodWithLog);

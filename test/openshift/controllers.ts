import { viewsAndTimers } from '@delivery/core/action/views';
import { ApiClient } from '@delivery/core/adapters/cluster/api-client';
import { Bell } from '@delivery/core/adapters/cluster/bell';
import { Http1KubeConfig } from '@delivery/core/adapters/cluster/http1-config';
import { Shelf } from '@delivery/core/adapters/cluster/shelf';
import { shelfViews } from '@delivery/core/adapters/cluster/shelf-views';
import { systemClock } from '@delivery/core/adapters/clock';
import type { Registry } from '@delivery/core/ports/registry';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import type { Kubectl } from '../road/kubectl.ts';
import { groundRegistry } from '../road/registry.ts';
import { reconcileConfig } from './deployment-configs.ts';
import { reconcileStream } from './image-streams.ts';
import type {
  DeploymentConfig,
  ImageStream,
  KubeObject,
  ReplicationController,
  Resource,
  Workload,
} from './objects.ts';
import { groups, Writer } from './objects.ts';
import { triggerConfig, triggerWorkload } from './triggers.ts';

const crds = join(repositoryRoot, 'test/openshift/crds.json');

interface View {
  readonly imagestreams: readonly ImageStream[];
  readonly deploymentconfigs: readonly DeploymentConfig[];
  readonly replicationcontrollers: readonly ReplicationController[];
  readonly deployments: readonly Workload[];
  readonly statefulsets: readonly Workload[];
}

/** Of a workload to which no trigger writes, as if its turn never came. */
export const silentAnnotation = 'stand-in/silent';

/** OpenShift's kinds in the ground's cluster, and a stand-in for the controllers that they have in OpenShift. */
export class OpenShift {
  readonly #kubectl: Kubectl;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(state: GroundState, kubectl: Kubectl) {
    this.#kubectl = kubectl;
    const config = new Http1KubeConfig();
    config.loadFromFile(state.cluster.kubeconfig);
    const client = new ApiClient(config, config.getCurrentCluster()?.server ?? '', systemClock);
    this.#running = control(client, groundRegistry(state), this.#stop.signal);
    // Told by stop.
    this.#running.catch(() => undefined);
  }

  static async start(state: GroundState, kubectl: Kubectl): Promise<OpenShift> {
    // kubectl's own validation does not know `enum: [null]`, which the published schema of Route has.
    await kubectl.run(['apply', '--server-side', '--validate=false', '-f', crds]);
    // A wait for a condition fails where there are none at all yet.
    for (const what of ['jsonpath={.status.conditions}', 'condition=Established'])
      await kubectl.run(['wait', `--for=${what}`, '--timeout=30s', '-f', crds]);
    return new OpenShift(state, kubectl);
  }

  /** Removes the kinds with all that is of them. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('over'));
    const failed = await this.#running.then(
      () => undefined,
      (error: unknown) => error,
    );
    await this.#kubectl.run(['delete', '--ignore-not-found', '--timeout=60s', '-f', crds]);
    if (failed instanceof Error && failed.message !== 'over') throw failed;
  }
}

/** Every 500 ms too: a deployment may run out of time without anything changing. */
const tickMs = 500;

async function control(client: ApiClient, registry: Registry, signal: AbortSignal): Promise<void> {
  const bell = new Bell();
  const shelf = <T extends KubeObject>(resource: Resource) =>
    new Shelf<T>({ group: groups[resource], resource }, bell, (object: never) => object);
  const shelves = {
    imagestreams: shelf<ImageStream>('imagestreams'),
    deploymentconfigs: shelf<DeploymentConfig>('deploymentconfigs'),
    replicationcontrollers: shelf<ReplicationController>('replicationcontrollers'),
    deployments: shelf<Workload>('deployments'),
    statefulsets: shelf<Workload>('statefulsets'),
  };
  const view = (): View => ({
    imagestreams: shelves.imagestreams.items(),
    deploymentconfigs: shelves.deploymentconfigs.items(),
    replicationcontrollers: shelves.replicationcontrollers.items(),
    deployments: shelves.deployments.items(),
    statefulsets: shelves.statefulsets.items(),
  });
  const watch = (either: AbortSignal) =>
    shelfViews(client, { shelves: Object.values(shelves), bell }, view, systemClock, either);
  const views = viewsAndTimers(watch, systemClock, signal);
  const writer = new Writer(client, signal);
  try {
    for (;;) {
      const seen = await views.next(tickMs);
      if (seen) await reconcile(seen, registry, writer, signal);
    }
  } finally {
    views.stop();
  }
}

async function reconcile(seen: View, registry: Registry, writer: Writer, signal: AbortSignal): Promise<void> {
  const { imagestreams: streams } = seen;
  for (const stream of streams) await reconcileStream(stream, registry, writer, signal);
  for (const resource of ['deployments', 'statefulsets'] as const)
    for (const workload of seen[resource].filter(isTriggered))
      await triggerWorkload(resource, workload, streams, writer);
  for (const config of seen.deploymentconfigs) {
    if (!(await triggerConfig(config, streams, writer)))
      await reconcileConfig(config, seen.replicationcontrollers, writer);
  }
}

function isTriggered({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[silentAnnotation] === undefined;
}

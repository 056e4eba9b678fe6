import type { ContainerStatus, Workload } from '@delivery/core/domain/workload';
import { newPod } from '@delivery/testing/fake-cluster';
import type { Stage } from './stage.ts';

/** What a build does in the cluster once it is set. Gives the pods it has while it is broken, and whether it gets well. */
export type Conduct = (workload: Workload, stage: Stage) => void;

export const healthyAtOnce: Conduct = (workload, { cluster }) => cluster.putWorkload(healthy(workload));

/** Ready only after a while: what a stack does that migrates its database first. */
export function healthyAfter(ms: number): Conduct {
  return (workload, stage) => {
    stage.cluster.putWorkload(rolling(workload));
    void stage.clock.sleep(ms, new AbortController().signal).then(() => stage.cluster.putWorkload(healthy(workload)));
  };
}

/** One pod of the new template whose container is in the given state, for ever. */
export function broken(status: Partial<ContainerStatus>): Conduct {
  return (workload, { cluster }) => {
    const revision = String(workload.generation);
    cluster.putWorkload({
      ...rolling(workload),
      annotations: { ...workload.annotations, 'deployment.kubernetes.io/revision': revision },
    });
    const uid = `rs-${workload.name}-${revision}`;
    cluster.change('test', ({ replicaSets }) => ({
      replicaSets: [
        ...replicaSets,
        { name: uid, uid, ownerUid: workload.uid, revision: workload.generation, conditions: [] },
      ],
    }));
    const container = {
      name: workload.containers[0]?.name ?? '',
      init: false,
      image: workload.containers[0]?.image ?? '',
      ready: false,
      restarts: 0,
      state: { is: 'waiting', reason: 'ContainerCreating', message: '' },
      last: undefined,
      ...status,
    } as const;
    cluster.putPod(newPod({ name: `${workload.name}-new`, uid: `${uid}-pod`, ownerUid: uid, containers: [container] }));
  };
}

export const crashing = broken({
  restarts: 1,
  state: { is: 'waiting', reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' },
  last: { is: 'terminated', exitCode: 3, signal: 0, reason: 'Error', message: '', finishedAt: new Date(0) },
});
export const notReady = broken({ state: { is: 'running', startedAt: new Date(0) } });

function rolling(workload: Workload): Workload {
  return { ...workload, observedGeneration: workload.generation, updated: 0, replicas: workload.wanted };
}

function healthy(workload: Workload): Workload {
  const { wanted, generation, namespace } = workload;
  return {
    ...workload,
    namespace,
    observedGeneration: generation,
    updated: wanted,
    replicas: wanted,
    ready: wanted,
    available: wanted,
    currentRevision: workload.updateRevision,
  };
}

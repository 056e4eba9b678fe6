import type { Container, WorkloadReference } from '@delivery/core/domain/workload';
import { ActionError } from '@delivery/core/errors/errors';
import type { Cluster } from '@delivery/core/ports/cluster';

/** What the suite needs besides the port: one namespace of its own, empty at the start of each test. */
export interface ClusterKit {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** A workload that is scaled to zero, so that no controller has anything to do. */
  createWorkload(
    workload: WorkloadReference,
    containers: readonly Container[],
    annotations: Record<string, string>,
  ): Promise<void>;
  deleteWorkload(workload: WorkloadReference): Promise<void>;
  /** A pod with one container `main` that no node takes; its status is the suite's to set. */
  createPod(name: string): Promise<void>;
  setWaiting(pod: string, reason: string, message: string): Promise<void>;
  deletePod(name: string): Promise<void>;
  createEvent(pod: string, reason: string, message: string): Promise<void>;
  close(): Promise<void>;
}

export type Context = () => { kit: ClusterKit; signal: AbortSignal; stop: AbortController };

const images = ['1', '2', '3'].map((tag) => `registry.example.org/web:${tag}`) as [string, string, string];
export const [one, two, three] = images;
export const containers: Container[] = [
  { name: 'migrate', image: one, init: true },
  { name: 'web', image: one, init: false },
  { name: 'sidecar', image: three, init: false },
];

export function deployment(kit: ClusterKit): WorkloadReference {
  return { kind: 'Deployment', namespace: kit.namespace, name: 'web' };
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new ActionError('none', 'it did not fail'),
    (error: unknown) => error,
  );
}

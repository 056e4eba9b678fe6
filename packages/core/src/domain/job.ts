import type { Condition, Container, Pod } from './workload.ts';

/** What is read of Jobs and of the CronJobs they are made from (Kubernetes API, batch/v1). Times are in UTC. */
export interface Job {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Of its controlling owner, a CronJob; empty when it has none. */
  readonly ownerUid: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** spec.suspend */
  readonly suspended: boolean;
  /** metadata.deletionTimestamp is set: it is being deleted and not gone yet. */
  readonly deleting: boolean;
  /** status.active: pods that wait or run. */
  readonly active: number;
  /** status.terminating: pods that are being deleted (Kubernetes 1.31; before it 0). */
  readonly terminating: number;
  readonly conditions: readonly Condition[];
}

/** A template of Jobs that lives in a project, suspended for ever. */
export interface CronJob {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly containers: readonly Container[];
  /** How many pods have to end well, or run side by side: the larger of spec.completions and spec.parallelism. */
  readonly podsPerJob: number;
  /** Labels of the pods it describes. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** spec.jobTemplate as the API server has it: only the adapter looks into it. */
  readonly template: unknown;
}

/** The Jobs of a namespace, and the pods that belong to any Job (those with the label `job-name`). */
export interface JobsView {
  readonly namespace: string;
  readonly jobs: readonly Job[];
  readonly pods: readonly Pod[];
  /** From where on changes are watched: only the adapter looks into it. */
  readonly version: unknown;
}

export interface NewJob {
  readonly name: string;
  /** Container (init containers too) to the full reference by digest; the other containers stay as the template has them. */
  readonly images: Readonly<Record<string, string>>;
  /** By container: variables that its program gets to these very values, in addition to those of the template or in their place. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of the Job and of its pods, added to those of the template. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of the Job alone, added to those of the template. */
  readonly annotations: Readonly<Record<string, string>>;
}

export function describeJob({ namespace, name }: Pick<Job, 'namespace' | 'name'>): string {
  return `Job ${namespace}/${name}`;
}

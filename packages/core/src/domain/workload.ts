/** What is read of a namespace to judge a rollout: Kubernetes' own objects, trimmed to the fields that decide. Times are in UTC. */
/** DeploymentConfig: of OpenShift (apps.openshift.io/v1), which plain Kubernetes has not. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DeploymentConfig';

export interface WorkloadReference {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly init: boolean;
  /** The tag whose image a live trigger of OpenShift writes here, whatever else is set; left out where there is none. */
  readonly fedBy?: StreamTag;
}

/** A tag of an ImageStream of OpenShift. */
export interface StreamTag {
  readonly namespace: string;
  readonly stream: string;
  readonly tag: string;
}

export interface Workload extends WorkloadReference {
  readonly uid: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly paused: boolean;
  /** Its strategy keeps pods of an older template: a StatefulSet with OnDelete or a partition. */
  readonly partial: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** spec.replicas */
  readonly wanted: number;
  /** status.replicas, of any template */
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** StatefulSet: status.updateRevision; DeploymentConfig: status.latestVersion; Deployment: empty (its ReplicaSets carry the template's hash). */
  readonly updateRevision: string;
  /** StatefulSet: status.currentRevision; others: empty. */
  readonly currentRevision: string;
  readonly conditions: readonly Condition[];
}

/** Of a Deployment, or the ReplicationController of a DeploymentConfig. */
export interface ReplicaSet {
  readonly name: string;
  readonly uid: string;
  readonly ownerUid: string;
  /** Annotation deployment.kubernetes.io/revision, or openshift.io/deployment-config.latest-version: the highest is the newest template. */
  readonly revision: number;
  readonly conditions: readonly Condition[];
}

export type ContainerState =
  | { readonly is: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly is: 'running'; readonly startedAt: Date }
  | {
      readonly is: 'terminated';
      readonly exitCode: number;
      readonly signal: number;
      readonly reason: string;
      readonly message: string;
      readonly finishedAt: Date;
    };

export interface ContainerStatus {
  readonly name: string;
  readonly init: boolean;
  readonly image: string;
  /** What the runtime says it runs, in forms of its own: most hold the digest. Left out before it has pulled. */
  readonly imageId?: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly state: ContainerState;
  /** lastState.terminated: how the container ended before its last restart. */
  readonly last: Extract<ContainerState, { is: 'terminated' }> | undefined;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ownerUid: string;
  /** StatefulSet pods: label controller-revision-hash; others: label pod-template-hash; else empty. */
  readonly revision: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  readonly reason: string;
  readonly deleting: boolean;
  readonly createdAt: Date;
  readonly conditions: readonly Condition[];
  readonly containers: readonly ContainerStatus[];
}

export interface ClusterEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly object: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly count: number;
  readonly lastSeen: Date;
}

export interface NamespaceView {
  readonly workloads: readonly Workload[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly events: readonly ClusterEvent[];
}

export function describeWorkload({ kind, namespace, name }: WorkloadReference): string {
  return `${kind} ${namespace}/${name}`;
}

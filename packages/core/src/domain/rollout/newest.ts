import type { NamespaceView, Pod, ReplicaSet, Workload } from '../workload.ts';

/** Written by the Deployment's controller on it and on its ReplicaSets (k8s.io/kubectl, deploymentutil.RevisionAnnotation). */
const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** DeployerPodForDeploymentLabel of github.com/openshift/api, apps/v1/consts.go. */
const deployerLabel = 'openshift.io/deployer-pod-for.name';

/**
 * The ReplicaSet of a Deployment's newest template, or the ReplicationController of a DeploymentConfig's; undefined until it is seen. The workload names its revision, which
 * matters since ReplicaSets are watched on their own: the newest of those seen may still be that of an older template.
 */
export function newestReplicaSet(workload: Workload, view: NamespaceView): ReplicaSet | undefined {
  const sets = view.replicaSets.filter((set) => set.ownerUid === workload.uid);
  const named =
    workload.kind === 'DeploymentConfig' ? workload.updateRevision : workload.annotations[revisionAnnotation];
  const revision = named === undefined ? Math.max(...sets.map((set) => set.revision)) : Number(named);
  return sets.find((set) => set.revision === revision);
}

/** All pods of a workload, of any template, those that are being deleted included. */
export function podsOf(workload: Workload, view: NamespaceView): readonly Pod[] {
  const owners = new Set([workload.uid]);
  for (const set of view.replicaSets) if (set.ownerUid === workload.uid) owners.add(set.uid);
  return view.pods.filter((pod) => owners.has(pod.ownerUid));
}

/**
 * The pods that the newest template has made and that still count: only they say how a rollout goes. Pods of older
 * templates are being replaced, and one of them may well end as Failed in a healthy rollout.
 */
export function newestPods(workload: Workload, view: NamespaceView): readonly Pod[] {
  const pods = podsOf(workload, view).filter((pod) => !pod.deleting);
  if (workload.kind === 'StatefulSet') return pods.filter((pod) => pod.revision === workload.updateRevision);
  const newest = newestReplicaSet(workload, view);
  return pods.filter((pod) => pod.ownerUid === newest?.uid);
}

/**
 * Pods of a Deployment or DeploymentConfig that are on their way out and still run: a healthy rollout does not wait for their end. Such a pod takes
 * requests for as long as it has not closed its port and the Service's rules still name it, which may be seconds. A StatefulSet
 * replaces a pod only once it is gone.
 */
export function leavingPods(workload: Workload, view: NamespaceView): readonly Pod[] {
  if (workload.kind === 'StatefulSet') return [];
  const staying = newestPods(workload, view);
  return podsOf(workload, view).filter((pod) => !staying.includes(pod) && !hasEnded(pod));
}

/**
 * The pods that carry out a DeploymentConfig's newest rollout and its hooks: no part of the application, but what went wrong may
 * stand in their log.
 */
export function deployerPods(workload: Workload, view: NamespaceView): readonly Pod[] {
  if (workload.kind !== 'DeploymentConfig') return [];
  const newest = newestReplicaSet(workload, view)?.name;
  return view.pods.filter(
    ({ labels, deleting }) => !deleting && newest !== undefined && labels[deployerLabel] === newest,
  );
}

function hasEnded({ phase, containers }: Pod): boolean {
  const ended = containers.length > 0 && containers.every(({ state }) => state.is === 'terminated');
  return phase === 'Succeeded' || phase === 'Failed' || ended;
}

/**
 * Pods that keep a StatefulSet from taking its new template: its controller waits for each pod to become ready before it
 * replaces any, a broken one of an older template for ever (kubernetes.io, StatefulSets, "Forced rollback").
 */
export function blockingPods(workload: Workload, view: NamespaceView): readonly Pod[] {
  if (workload.kind !== 'StatefulSet' || workload.observedGeneration < workload.generation) return [];
  return podsOf(workload, view).filter(
    (pod) => !pod.deleting && pod.revision !== workload.updateRevision && !isReady(pod),
  );
}

export function isReady(pod: Pod): boolean {
  return pod.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

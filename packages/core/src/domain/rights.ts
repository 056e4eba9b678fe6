import type { WorkloadKind } from './workload.ts';

/** One thing that an account may do to a kind of object in a namespace (kubernetes.io, "Using RBAC Authorization"). */
export interface Right {
  /** Empty: the core group. */
  readonly group: string;
  /** Plural, with its subresource: `deployments`, `pods/log`. */
  readonly resource: string;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
}

/** What an action needs in one namespace. */
export interface Need {
  /** A context of the kubeconfig; undefined: the current one. */
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly rights: readonly Right[];
}

type Resource = Pick<Right, 'group' | 'resource'>;

export function rightsTo({ group, resource }: Resource, ...verbs: readonly Right['verb'][]): readonly Right[] {
  return verbs.map((verb) => ({ group, resource, verb }));
}

const apps = (resource: string): Resource => ({ group: 'apps', resource });
const batch = (resource: string): Resource => ({ group: 'batch', resource });
const core = (resource: string): Resource => ({ group: '', resource });

/** OpenShift's (docs.openshift.com, "DeploymentConfig [apps.openshift.io/v1]", "ImageStream [image.openshift.io/v1]"). */
const deploymentConfigs: Resource = { group: 'apps.openshift.io', resource: 'deploymentconfigs' };
const imageStreams: Resource = { group: 'image.openshift.io', resource: 'imagestreams' };

export const [cronJobs, jobs] = [batch('cronjobs'), batch('jobs')];
export const [pods, podLogs, events] = [core('pods'), core('pods/log'), core('events')];

/** What a look at a namespace reads, whatever runs there. */
const always: readonly Resource[] = [apps('deployments'), apps('statefulsets'), apps('replicasets'), pods, events];

interface OfKind {
  /** Read by a look at a namespace where delivery.yaml names a workload of this kind, beside what it reads always. */
  readonly seen: readonly Resource[];
  /** What setting the images of one takes. */
  readonly set: readonly Right[];
}

/** A kind that not every cluster has is `seen` only where it is named. */
const kinds: Readonly<Record<WorkloadKind, OfKind>> = {
  Deployment: { seen: [], set: rightsTo(apps('deployments'), 'get', 'patch') },
  StatefulSet: { seen: [], set: rightsTo(apps('statefulsets'), 'get', 'patch') },
  // Its image streams as well: a container that a trigger feeds is set by a tag. The tags of others only a rehearsal shows.
  DeploymentConfig: {
    seen: [deploymentConfigs, core('replicationcontrollers')],
    set: [...rightsTo(deploymentConfigs, 'get', 'patch'), ...rightsTo(imageStreams, 'get', 'patch')],
  },
};

interface OfAKind {
  readonly kind: WorkloadKind;
}

/** One look at a namespace with these workloads: Cluster.watchNamespace until its first view. */
export function lookRights(workloads: readonly OfAKind[]): readonly Right[] {
  return [...always, ...workloads.flatMap(({ kind }) => kinds[kind].seen)].flatMap((one) => rightsTo(one, 'list'));
}

/** A rollout of these workloads: set, watched, its logs read, a pod deleted that holds it up, and set back. */
export function rolloutRights(workloads: readonly OfAKind[]): readonly Right[] {
  const looked = lookRights(workloads);
  return [
    ...looked,
    ...looked.map((right): Right => ({ ...right, verb: 'watch' })),
    ...workloads.flatMap(({ kind }) => kinds[kind].set),
    ...rightsTo(pods, 'delete'),
    ...rightsTo(podLogs, 'get'),
  ];
}

export interface LaunchWays {
  readonly wait: 'start' | 'completion';
  readonly 'on-running': 'unstable' | 'wait' | 'fail';
}

/** A Job from a CronJob: made in the place of the last one, watched, its log followed, and removed when it cannot start. */
export function launchRights({ wait, 'on-running': onRunning }: LaunchWays): readonly Right[] {
  const watches = wait === 'completion' || onRunning === 'wait';
  return [
    ...rightsTo(cronJobs, 'get'),
    ...rightsTo(jobs, 'list', 'create', 'delete'),
    ...(watches ? rightsTo(jobs, 'watch') : []),
    ...rightsTo(pods, 'list', 'watch'),
    ...(wait === 'completion' ? [...rightsTo(pods, 'get'), ...rightsTo(podLogs, 'get')] : []),
    ...rightsTo(events, 'list'),
  ];
}

/** Each once, in a fixed order: by group, resource, verb. */
export function distinctRights(rights: readonly Right[]): readonly Right[] {
  const byName = new Map(rights.map((right) => [[right.group, right.resource, right.verb].join('\0'), right]));
  return [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}

/** Such as `deployments (apps): get, patch; pods: delete`. */
export function describeRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const { group, resource, verb } of distinctRights(rights)) {
    const name = group === '' ? resource : `${resource} (${group})`;
    verbs.set(name, [...(verbs.get(name) ?? []), verb]);
  }
  return [...verbs].map(([name, some]) => `${name}: ${some.join(', ')}`).join('; ');
}

import type { WorkloadKind } from './workload.ts';

/** One thing that an account may do to a kind of object in a namespace (kubernetes.io, "Using RBAC Authorization"). */
export interface Right {
  /** Empty: the core group. */
  readonly group: string;
  /** Plural, with its subresource: `deployments`, `pods/log`. */
  readonly resource: string;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  /** Of these objects alone; left out: of all. */
  readonly names?: readonly string[];
}

/** What an action needs in one namespace. */
export interface Need {
  /** What the project says of its cluster, see Clusters; undefined: nothing. */
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly rights: readonly Right[];
}

type Resource = Pick<Right, 'group' | 'resource'>;

export function rightsTo({ group, resource }: Resource, ...verbs: readonly Right['verb'][]): readonly Right[] {
  return verbs.map((verb) => ({ group, resource, verb }));
}

export function rightsToNamed(resource: Resource, names: readonly string[], ...verbs: readonly Right['verb'][]) {
  return rightsTo(resource, ...verbs).map((right): Right => ({ ...right, names }));
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
  readonly set: (name: string) => readonly Right[];
}

/** A kind that not every cluster has is `seen` only where it is named. */
const kinds: Readonly<Record<WorkloadKind, OfKind>> = {
  Deployment: { seen: [], set: (name) => rightsToNamed(apps('deployments'), [name], 'get', 'patch') },
  StatefulSet: { seen: [], set: (name) => rightsToNamed(apps('statefulsets'), [name], 'get', 'patch') },
  // Its image streams as well, of any name: a container that a trigger feeds is set by a tag, and only the object says which one.
  // The tags of others only a rehearsal shows.
  DeploymentConfig: {
    seen: [deploymentConfigs, core('replicationcontrollers')],
    set: (name) => [
      ...rightsToNamed(deploymentConfigs, [name], 'get', 'patch'),
      ...rightsTo(imageStreams, 'get', 'patch'),
    ],
  },
};

interface OfAKind {
  readonly kind: WorkloadKind;
}

/** One look at a namespace with these workloads: Cluster.watchNamespace until its first view. */
export function lookRights(workloads: readonly OfAKind[]): readonly Right[] {
  return [...always, ...workloads.flatMap(({ kind }) => kinds[kind].seen)].flatMap((one) => rightsTo(one, 'list'));
}

export interface RolloutWays {
  readonly 'dry-run': boolean;
}

/**
 * A rollout of these workloads: set, watched, its logs read, a pod deleted that holds it up, and set back. A dry run ends with the
 * API server's answer to what would be set.
 */
export function rolloutRights(
  workloads: readonly (OfAKind & { readonly name: string })[],
  { 'dry-run': dryRun }: RolloutWays,
): readonly Right[] {
  const looked = lookRights(workloads);
  const rehearsed = [...looked, ...workloads.flatMap(({ kind, name }) => kinds[kind].set(name))];
  if (dryRun) return rehearsed;
  return [
    ...rehearsed,
    ...looked.map((right): Right => ({ ...right, verb: 'watch' })),
    ...rightsTo(pods, 'delete'),
    ...rightsTo(podLogs, 'get'),
  ];
}

export interface LaunchWays {
  readonly wait: 'start' | 'completion';
  readonly 'on-running': 'unstable' | 'wait' | 'fail';
}

/** A Job from each CronJob: made in the place of the last one, watched, its log followed, and removed when it cannot start. */
export function launchRights(
  templates: readonly string[],
  { wait, 'on-running': onRunning }: LaunchWays,
): readonly Right[] {
  const watches = wait === 'completion' || onRunning === 'wait';
  return [
    ...rightsToNamed(cronJobs, templates, 'get'),
    ...rightsTo(jobs, 'list', 'create', 'delete'),
    ...(watches ? rightsTo(jobs, 'watch') : []),
    ...rightsTo(pods, 'list', 'watch'),
    ...(wait === 'completion' ? [...rightsTo(pods, 'get'), ...rightsTo(podLogs, 'get')] : []),
    ...rightsTo(events, 'list'),
  ];
}

/** Each once with all its names, in a fixed order: by group, resource, verb. */
export function distinctRights(rights: readonly Right[]): readonly Right[] {
  const byKey = new Map<string, Right>();
  for (const right of rights) {
    const key = [right.group, right.resource, right.verb].join('\0');
    byKey.set(key, joined(byKey.get(key) ?? right, right));
  }
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
}

function joined({ names, ...all }: Right, { names: more }: Right): Right {
  return names && more ? { ...all, names: [...new Set([...names, ...more])].sort() } : all;
}

/** One for each object where it has names. */
export function oneByOne(right: Right): readonly Right[] {
  return right.names?.map((name) => ({ ...right, names: [name] })) ?? [right];
}

/** Such as `deployments (apps) beat, web: get, patch; pods: delete`. */
export function describeRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const { group, resource, verb, names } of distinctRights(rights)) {
    const name = `${resource}${group && ` (${group})`}${names ? ` ${names.join(', ')}` : ''}`;
    verbs.set(name, [...(verbs.get(name) ?? []), verb]);
  }
  return [...verbs].map(([name, some]) => `${name}: ${some.join(', ')}`).join('; ');
}

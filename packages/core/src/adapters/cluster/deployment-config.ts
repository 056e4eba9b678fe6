import type { V1ObjectMeta, V1PodTemplateSpec, V1ReplicationController } from '@kubernetes/client-node';
import type { ReplicaSet, Workload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { DeploymentTrigger } from './image-stream-feeds.ts';
import { fedByTriggers } from './image-stream-feeds.ts';
import type { Wire, WireCondition } from './map.ts';
import { count, identity, orEmpty, text, toConditions, toContainers, toReplicaSet } from './map.ts';

export const deploymentConfigGroup = '/apis/apps.openshift.io/v1';

/** What is read of apps.openshift.io/v1, DeploymentConfig (github.com/openshift/api, apps/v1/types.go). */
export interface DeploymentConfigObject {
  readonly metadata?: Wire<V1ObjectMeta> | null;
  readonly spec?: {
    readonly replicas?: number | null;
    readonly paused?: boolean | null;
    readonly triggers?: readonly DeploymentTrigger[] | null;
    readonly template?: Wire<V1PodTemplateSpec> | null;
  } | null;
  readonly status?: {
    readonly latestVersion?: number | null;
    readonly observedGeneration?: number | null;
    readonly replicas?: number | null;
    readonly updatedReplicas?: number | null;
    readonly readyReplicas?: number | null;
    readonly availableReplicas?: number | null;
    readonly conditions?: readonly WireCondition[] | null;
  } | null;
}

export function toDeploymentConfig(object: DeploymentConfigObject): Workload {
  const metadata = orEmpty(object.metadata);
  const spec = orEmpty(object.spec);
  const status = orEmpty(object.status);
  const containers = toContainers(orEmpty(orEmpty(spec.template).spec));
  return {
    kind: 'DeploymentConfig',
    ...identity(metadata),
    generation: count(metadata.generation),
    observedGeneration: count(status.observedGeneration),
    paused: spec.paused === true,
    annotations: orEmpty(metadata.annotations) as Record<string, string>,
    containers: fedByTriggers(containers, spec.triggers ?? [], text(metadata.namespace)),
    // The server has no default here, other than for a Deployment.
    wanted: count(spec.replicas),
    replicas: count(status.replicas),
    updated: count(status.updatedReplicas),
    ready: count(status.readyReplicas),
    available: count(status.availableReplicas),
    updateRevision: String(count(status.latestVersion)),
    currentRevision: '',
    conditions: toConditions(status.conditions),
  };
}

export function toReplicationController(object: Wire<V1ReplicationController>): ReplicaSet {
  return toReplicaSet(object, 'openshift.io/deployment-config.latest-version');
}

/** Without any trigger a change of the template waits for `oc rollout latest`, so setting an image would be waited for in vain. */
export function requireRollsOut({ spec, metadata }: DeploymentConfigObject): void {
  if ((spec?.triggers ?? []).some(({ type }) => type === 'ConfigChange' || type === 'ImageChange')) return;
  const { namespace, name } = identity(orEmpty(metadata));
  throw new ActionError(
    'no-trigger',
    `DeploymentConfig ${namespace}/${name} has no trigger, so a new image is not rolled out`,
    {
      hint: 'Add `- type: ConfigChange` to its spec.triggers. Nothing was changed.',
    },
  );
}

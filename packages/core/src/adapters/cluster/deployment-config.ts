import type { V1PodTemplateSpec, V1ReplicationController } from '@kubernetes/client-node';
import type { ReplicaSet, Workload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { DeploymentTrigger } from './image-stream-feeds.ts';
import { fedByTriggers } from './image-stream-feeds.ts';
import type { Wire, WireProgress } from './map.ts';
import { count, identity, orEmpty, text, toContainers, toProgress, toReplicaSet } from './map.ts';

export const deploymentConfigGroup = '/apis/apps.openshift.io/v1';

/** What is read of apps.openshift.io/v1, DeploymentConfig (github.com/openshift/api, apps/v1/types.go). */
export interface DeploymentConfigObject extends WireProgress {
  readonly spec?: {
    readonly replicas?: number | null;
    readonly paused?: boolean | null;
    readonly triggers?: readonly DeploymentTrigger[] | null;
    readonly template?: Wire<V1PodTemplateSpec> | null;
  } | null;
  readonly status?: (WireProgress['status'] & { readonly latestVersion?: number | null }) | null;
}

export function toDeploymentConfig(object: DeploymentConfigObject): Workload {
  const spec = orEmpty(object.spec);
  const containers = toContainers(orEmpty(orEmpty(spec.template).spec));
  return {
    kind: 'DeploymentConfig',
    ...toProgress(object),
    paused: spec.paused === true,
    partial: false,
    containers: fedByTriggers(containers, spec.triggers ?? [], text(orEmpty(object.metadata).namespace)),
    // The server has no default here, other than for a Deployment.
    wanted: count(spec.replicas),
    updateRevision: String(count(orEmpty(object.status).latestVersion)),
    currentRevision: '',
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

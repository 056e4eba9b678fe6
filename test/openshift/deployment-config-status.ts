import { isDeepStrictEqual } from 'node:util';
import { now } from './image-streams.ts';
import type { Condition, DeploymentConfig, DeploymentConfigStatus, ReplicationController, Writer } from './objects.ts';

export const phaseAnnotation = 'openshift.io/deployment.phase';
export const versionAnnotation = 'openshift.io/deployment-config.latest-version';

export const phaseOf = ({ metadata }: ReplicationController) => metadata.annotations?.[phaseAnnotation] ?? 'New';
export const versionOf = ({ metadata }: ReplicationController) => Number(metadata.annotations?.[versionAnnotation]);

export async function writeStatus(
  config: DeploymentConfig,
  own: readonly ReplicationController[],
  observed: boolean,
  condition: Condition | undefined,
  writer: Writer,
): Promise<void> {
  const status = statusOf(config, own, observed, condition);
  if (!isDeepStrictEqual(status, config.status))
    await writer.set('deploymentconfigs', config, { '/status': status }, '/status');
}

export function statusOf(
  config: DeploymentConfig,
  own: readonly ReplicationController[],
  observed: boolean,
  condition: Condition | undefined,
): DeploymentConfigStatus {
  const { spec, status } = config;
  const sum = (of: (one: ReplicationController) => number | undefined) =>
    own.reduce((total, one) => total + (of(one) ?? 0), 0);
  const latest = own.find((one) => versionOf(one) === latestVersionOf(config));
  const available = sum((one) => one.status?.availableReplicas);
  const isEnough = available > 0 && available >= (spec.replicas ?? 0);
  const conditions = [
    { type: 'Available', status: isEnough ? 'True' : 'False' },
    condition ?? (latest && progressOf(latest)) ?? status?.conditions?.find(({ type }) => type === 'Progressing'),
  ].flatMap((one) => (one ? [withTimes(one, status?.conditions)] : []));
  return {
    latestVersion: latestVersionOf(config),
    observedGeneration: observedOf(config, observed),
    replicas: sum((one) => one.status?.replicas),
    updatedReplicas: latest?.status?.replicas ?? 0,
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum((one) => one.spec.replicas) - available),
    readyReplicas: sum((one) => one.status?.readyReplicas),
    conditions,
  };
}

export function latestVersionOf({ status }: DeploymentConfig): number {
  return status?.latestVersion ?? 0;
}

function observedOf({ metadata, status }: DeploymentConfig, observed: boolean): number {
  return (observed ? metadata.generation : status?.observedGeneration) ?? 0;
}

function progressOf(latest: ReplicationController): Condition | undefined {
  const name = `replication controller "${latest.metadata.name}"`;
  if (phaseOf(latest) === 'Complete')
    return progressing('True', 'NewReplicationControllerAvailable', `${name} successfully rolled out`);
  if (phaseOf(latest) !== 'Failed') return undefined;
  return latest.metadata.annotations?.['openshift.io/deployment.cancelled'] === undefined
    ? progressing('False', 'ProgressDeadlineExceeded', `${name} has failed progressing`)
    : progressing('False', 'RolloutCancelled', `rollout of ${name} was cancelled`);
}

export function progressing(status: string, reason: string, message: string): Condition {
  return { type: 'Progressing', status, reason, message };
}

function withTimes(condition: Condition, before: readonly Condition[] = []): Condition {
  const same = before.find(
    (one) => one.type === condition.type && one.status === condition.status && one.reason === condition.reason,
  );
  const time = now();
  return {
    ...condition,
    lastUpdateTime: same?.lastUpdateTime ?? time,
    lastTransitionTime: same?.lastTransitionTime ?? time,
  };
}

import {
  latestVersionOf,
  phaseAnnotation,
  phaseOf,
  progressing,
  statusOf,
  versionAnnotation,
  versionOf,
  writeStatus,
} from './deployment-config-status.ts';
import { now } from './image-streams.ts';
import type { Condition, DeploymentConfig, ReplicationController, Writer } from './objects.ts';
import { pointer } from './objects.ts';

const encodedAnnotation = 'openshift.io/encoded-deployment-config';
const startedAnnotation = 'stand-in/started';

const isOver = (controller: ReplicationController) => ['Complete', 'Failed'].includes(phaseOf(controller));

/**
 * The controller of DeploymentConfigs (openshift-controller-manager, pkg/apps/deploymentconfig/deploymentconfig_controller.go, whose
 * order this keeps), and in place of the deployer pod its two strategies, in their simplest form.
 */
export async function reconcileConfig(
  config: DeploymentConfig,
  all: readonly ReplicationController[],
  writer: Writer,
): Promise<void> {
  const own = all.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === config.metadata.uid));
  const version = latestVersionOf(config);
  const latest = own.find((one) => versionOf(one) === version);
  const said = (observed: boolean, condition?: Condition) => writeStatus(config, own, observed, condition, writer);
  if (config.metadata.deletionTimestamp !== undefined || config.spec.paused) return said(true);
  if (!latest && version > 0) {
    const running = own.filter((one) => !isOver(one));
    for (const one of running) await cancel(one, writer);
    if (running.length > 0) return;
  }
  if (config.spec.template.spec.containers.some(({ image = '' }) => image.trim() === '')) return said(true);
  if (isTriggered(config, latest)) return bump(config, own, writer);
  if (!latest) {
    if (version === 0) return said(true);
    await writer.create('replicationcontrollers', config.metadata.namespace, newController(config, version));
    const reason = 'NewReplicationControllerCreated';
    return said(true, progressing('True', reason, `Created new replication controller for version ${version}`));
  }
  if (isOver(latest)) await scaleToActive(config, own, writer);
  else await deploy(config, latest, own, writer);
  return said(isOver(latest));
}

/** What was deployed last with success has the pods, whatever came after it. */
async function scaleToActive(
  { spec }: DeploymentConfig,
  own: readonly ReplicationController[],
  writer: Writer,
): Promise<void> {
  const complete = own.filter((one) => phaseOf(one) === 'Complete');
  const [active] = complete.toSorted((a, b) => versionOf(b) - versionOf(a));
  for (const one of own) await scale(one, one === active ? (spec.replicas ?? 0) : 0, writer);
}

function isTriggered(config: DeploymentConfig, latest: ReplicationController | undefined): boolean {
  const { spec } = config;
  const triggers = spec.triggers ?? [];
  const byImage = triggers.filter(({ type }) => type === 'ImageChange');
  const byConfig = triggers.some(({ type }) => type === 'ConfigChange');
  if (latestVersionOf(config) === 0)
    return byImage.length > 0 ? byImage.every((one) => one.imageChangeParams?.lastTriggeredImage) : byConfig;
  if (!latest) return false;
  const present = latest.spec.template.spec.containers.map(({ image }) => image);
  if (byImage.length > 0 && spec.template.spec.containers.some(({ image }) => !present.includes(image))) return true;
  return byConfig && latest.metadata.annotations?.[encodedAnnotation] !== JSON.stringify(spec.template);
}

async function bump(config: DeploymentConfig, own: readonly ReplicationController[], writer: Writer): Promise<void> {
  const latestVersion = latestVersionOf(config) + 1;
  const status = { ...statusOf(config, own, false, undefined), latestVersion };
  await writer.set('deploymentconfigs', config, { '/status': status }, '/status');
}

function newController({ metadata, spec }: DeploymentConfig, version: number): object {
  const name = `${metadata.name}-${version}`;
  const labels = { deployment: name, deploymentconfig: metadata.name };
  const owner = {
    apiVersion: 'apps.openshift.io/v1',
    kind: 'DeploymentConfig',
    name: metadata.name,
    uid: metadata.uid,
  };
  const annotations = {
    [phaseAnnotation]: 'New',
    [versionAnnotation]: String(version),
    [encodedAnnotation]: JSON.stringify(spec.template),
    'openshift.io/deployment-config.name': metadata.name,
  };
  const template = { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } };
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: {
      name,
      annotations,
      labels: { ...metadata.labels, 'openshift.io/deployment-config.name': metadata.name },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      replicas: 0,
      selector: { ...spec.selector, ...labels },
      template: { ...spec.template, metadata: template },
    },
  };
}

/** Rolling: the new ones first, then the old ones away; Recreate: the other way round. */
async function deploy(
  config: DeploymentConfig,
  latest: ReplicationController,
  own: readonly ReplicationController[],
  writer: Writer,
): Promise<void> {
  const annotation = (key: string) => `/metadata/annotations/${pointer(key)}`;
  const started = latest.metadata.annotations?.[startedAnnotation];
  if (started === undefined) {
    const fields = { [annotation(phaseAnnotation)]: 'Running', [annotation(startedAnnotation)]: now() };
    return writer.set('replicationcontrollers', latest, fields);
  }
  if (Date.now() - Date.parse(started) > timeoutOf(config) * 1000)
    return writer.set('replicationcontrollers', latest, { [annotation(phaseAnnotation)]: 'Failed' });
  const isRecreated = config.spec.strategy?.type === 'Recreate';
  const wanted = config.spec.replicas ?? 0;
  const isUp = latest.spec.replicas === wanted && availableOf(latest) >= wanted;
  const old = own.filter((one) => one !== latest);
  const isAway = !old.some(({ status }) => status?.replicas);
  if (isRecreated || isUp) for (const one of old) await scale(one, 0, writer);
  if (!isRecreated || isAway) await scale(latest, wanted, writer);
  if (isUp && isAway) await writer.set('replicationcontrollers', latest, { [annotation(phaseAnnotation)]: 'Complete' });
}

function availableOf({ status }: ReplicationController): number {
  return status?.availableReplicas ?? 0;
}

function timeoutOf({ spec: { strategy } }: DeploymentConfig): number {
  const seconds = (strategy?.rollingParams ?? strategy?.recreateParams)?.timeoutSeconds;
  return seconds ?? 600;
}

async function cancel(controller: ReplicationController, writer: Writer): Promise<void> {
  const annotation = (key: string) => `/metadata/annotations/${pointer(key)}`;
  const fields = { [annotation(phaseAnnotation)]: 'Failed', [annotation('openshift.io/deployment.cancelled')]: 'true' };
  await writer.set('replicationcontrollers', controller, fields);
}

async function scale(controller: ReplicationController, replicas: number, writer: Writer): Promise<void> {
  if (controller.spec.replicas !== replicas)
    await writer.set('replicationcontrollers', controller, { '/spec/replicas': replicas });
}

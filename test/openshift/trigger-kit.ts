import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import type { Clock } from '@delivery/core/ports/clock';
import type { TriggerKit } from '@delivery/testing/contracts/cluster-triggers';
import { randomBytes } from 'node:crypto';
import type { GroundState } from '../ground/state.ts';
import type { Kubectl } from '../road/kubectl.ts';
import { silentAnnotation } from './controllers.ts';
import type { ImageStream, Workload } from './objects.ts';

const apiVersions = {
  DeploymentConfig: 'apps.openshift.io/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
} as const;

/** The real API server with OpenShift's kinds, and the stand-in for their controllers, which has to run. */
export async function realTriggerKit(
  state: GroundState,
  kubectl: Kubectl,
  images: TriggerKit['images'],
): Promise<TriggerKit> {
  const namespace = `triggers-${randomBytes(4).toString('hex')}`;
  const env = { KUBECONFIG: state.cluster.kubeconfig };
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return {
    cluster: connectCluster({ env, clock: systemClock, mask: () => {} }).cluster,
    namespace,
    images,
    absent: images[0].replace(/[0-9a-f]{64}$/, 'd'.repeat(64)),
    async createStream(name, image, policy) {
      await kubectl.apply(newStream(namespace, name, { latest: image }, policy));
      const imported = '--for=jsonpath={.status.tags[0].tag}=latest';
      await kubectl.run(['-n', namespace, 'wait', `imagestream/${name}`, imported, '--timeout=20s']);
    },
    async create({ kind, name }, image, stream, live) {
      const object = newWorkload({ kind, namespace, name, image, replicas: 0 });
      await kubectl.apply(followed(object, `${stream}:latest`, live));
      // Until a live trigger has written what it knows: it may be another name for the same image.
      const isLocal = (text: string) => text.startsWith('image-registry.');
      const stored = await kubectl.get<ImageStream>(namespace, `imagestream/${stream}`);
      const written = live && stored.spec?.tags?.[0]?.referencePolicy?.type === 'Local';
      for (let looks = 0; looks < 100; looks += 1) {
        const { spec } = await kubectl.get<Workload>(namespace, `${kind.toLowerCase()}/${name}`);
        if (isLocal(spec.template.spec.containers[0]?.image ?? '') === written) return;
      }
      throw new Error(`the trigger of ${kind} ${name} is silent`);
    },
    async silence({ kind, name }) {
      await kubectl.run(['-n', namespace, 'annotate', `${kind}/${name}`, `${silentAnnotation}=true`]);
      return connectCluster({ env, clock: hurrying(), mask: () => {} }).cluster;
    },
    async tagged(stream) {
      const { spec } = await kubectl.get<ImageStream>(namespace, `imagestream/${stream}`);
      return spec?.tags?.[0]?.from?.name ?? '';
    },
    async close() {
      await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}

/** Pauses pass at once, the limits of requests in their time. */
function hurrying(): Clock {
  let skipped = 0;
  return {
    now: () => new Date(Date.now() + skipped),
    async sleep(ms, signal) {
      if (ms > 3_000) return systemClock.sleep(ms, signal);
      signal.throwIfAborted();
      skipped += ms;
    },
  };
}

export function newStream(
  namespace: string,
  name: string,
  tags: Readonly<Record<string, string>>,
  policy: 'Local' | 'Source' = 'Source',
): object {
  const entries = Object.entries(tags).map(([tag, image]) => ({
    name: tag,
    from: { kind: 'DockerImage', name: image },
    referencePolicy: { type: policy },
  }));
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name, namespace },
    spec: { tags: entries },
  };
}

export interface NewWorkload {
  readonly kind: keyof typeof apiVersions;
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly container?: object;
  readonly pod?: object;
}

/** With one container `web`. A DeploymentConfig rolls out by itself when its template changes. */
export function newWorkload({ kind, namespace, name, image, replicas, container, pod }: NewWorkload): object {
  const labels = { app: name };
  const own = {
    DeploymentConfig: {
      selector: labels,
      strategy: { type: 'Rolling', rollingParams: { timeoutSeconds: 60 } },
      triggers: [{ type: 'ConfigChange' }],
    },
    Deployment: { selector: { matchLabels: labels } },
    StatefulSet: { selector: { matchLabels: labels }, serviceName: name },
  }[kind];
  const containers = [{ name: 'web', image, ...container }];
  return {
    apiVersion: apiVersions[kind],
    kind,
    metadata: { name, namespace },
    spec: { replicas, ...own, template: { metadata: { labels }, spec: { ...pod, containers } } },
  };
}

/** The same with a trigger for a tag, live or paused. */
export function followed(object: object, tag: string, live: boolean): object {
  const { kind, metadata, spec } = object as { kind: string; metadata: object; spec: { triggers?: object[] } };
  const from = { kind: 'ImageStreamTag', name: tag };
  if (kind === 'DeploymentConfig') {
    const imageChangeParams = { automatic: live, containerNames: ['web'], from };
    const triggers = [...(spec.triggers ?? []), { type: 'ImageChange', imageChangeParams }];
    return { ...object, spec: { ...spec, triggers } };
  }
  const trigger = {
    from,
    fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
    ...(!live && { paused: true }),
  };
  const annotations = { 'image.openshift.io/triggers': JSON.stringify([trigger]) };
  return { ...object, metadata: { ...metadata, annotations } };
}

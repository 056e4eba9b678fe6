import type { V1Container } from '@kubernetes/client-node';
import type { CronJob, NewJob } from '../../domain/job.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Wire } from './map.ts';
import { orEmpty } from './map.ts';
import type { JobTemplate } from './map-jobs.ts';

/** The Job as it is sent: the template with the images, labels and annotations given. Throws ActionError for an unknown container. */
export function jobBody(cronJob: CronJob, { name, images, labels, annotations }: NewJob): object {
  requireContainers(cronJob, Object.keys(images));
  // A copy, so that the template stays as it was read.
  const { metadata, spec } = structuredClone(cronJob.template) as JobTemplate;
  const pods = orEmpty(orEmpty(spec).template);
  const podSpec = orEmpty(pods.spec);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace: cronJob.namespace,
      name,
      labels: { ...orEmpty(metadata).labels, ...labels },
      annotations: { ...orEmpty(metadata).annotations, ...annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
      // Without blockOwnerDeletion: it would need the right to update the finalizers of CronJobs.
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: cronJob.name, uid: cronJob.uid, controller: true },
      ],
    },
    spec: {
      ...spec,
      template: {
        ...pods,
        metadata: { ...pods.metadata, labels: { ...orEmpty(pods.metadata).labels, ...labels } },
        spec: {
          ...podSpec,
          ...(podSpec.initContainers ? { initContainers: withImages(podSpec.initContainers, images) } : {}),
          containers: withImages(podSpec.containers ?? [], images),
        },
      },
    },
  };
}

function withImages(containers: readonly Wire<V1Container>[], images: NewJob['images']): object[] {
  return containers.map((container) => {
    const image = Object.hasOwn(images, container.name ?? '') ? images[container.name ?? ''] : undefined;
    return image === undefined ? container : { ...container, image };
  });
}

function requireContainers({ namespace, name, containers }: CronJob, wanted: readonly string[]): void {
  const there = containers.map((container) => container.name);
  const missing = wanted.filter((container) => !there.includes(container));
  if (missing.length === 0) return;
  const message = `CronJob ${namespace}/${name} has no container ${missing.join(', ')}; it has: ${there.join(', ')}`;
  throw new ActionError('container-unknown', message, { hint: 'Check the names of the containers in delivery.yaml.' });
}

import type { V1Container, V1EnvVar } from '@kubernetes/client-node';
import type { CronJob, NewJob } from '../../domain/job.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Wire } from './map.ts';
import { orEmpty, text } from './map.ts';
import type { JobTemplate } from './map-jobs.ts';

/** The Job as it is sent: the template with the images, variables, labels and annotations given. Throws ActionError for an unknown container, or a variable that is not the caller's. */
export function jobBody(cronJob: CronJob, { name, images, env = {}, labels, annotations }: NewJob): object {
  requireContainers(cronJob, [...Object.keys(images), ...Object.keys(env)]);
  // A copy, so that the template stays as it was read.
  const { metadata, spec } = structuredClone(cronJob.template) as JobTemplate;
  const pods = orEmpty(orEmpty(spec).template);
  const podSpec = orEmpty(pods.spec);
  const filled = (containers: readonly Wire<V1Container>[]) =>
    containers.map((container) => withVariables(withImage(container, images), env, cronJob));
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
          ...(podSpec.initContainers ? { initContainers: filled(podSpec.initContainers) } : {}),
          containers: filled(podSpec.containers ?? []),
        },
      },
    },
  };
}

function withImage(container: Wire<V1Container>, images: NewJob['images']): Wire<V1Container> {
  const image = ofContainer(container, images);
  return image === undefined ? container : { ...container, image };
}

function withVariables(
  container: Wire<V1Container>,
  env: NonNullable<NewJob['env']>,
  cronJob: CronJob,
): Wire<V1Container> {
  const given = ofContainer(container, env);
  if (given === undefined) return container;
  const [replaced, others] = [true, false].map((isGiven) =>
    (container.env ?? []).filter(({ name }) => Object.hasOwn(given, text(name)) === isGiven),
  ) as [Wire<V1EnvVar>[], Wire<V1EnvVar>[]];
  const taken = replaced.filter(({ valueFrom }) => valueFrom !== undefined && valueFrom !== null);
  if (taken.length > 0)
    throw variablesTaken(
      cronJob,
      text(container.name),
      taken.map(({ name }) => text(name)),
    );
  // In front, so that the values of others may refer to them. A `$` is doubled: Kubernetes would read `$(NAME)` as a reference.
  const literals = Object.entries(given).map(([name, value]) => ({ name, value: value.replaceAll('$', '$$$$') }));
  return { ...container, env: [...literals, ...others] };
}

function ofContainer<Value>({ name }: Wire<V1Container>, all: Readonly<Record<string, Value>>): Value | undefined {
  return Object.hasOwn(all, text(name)) ? all[text(name)] : undefined;
}

function variablesTaken({ namespace, name }: CronJob, container: string, variables: readonly string[]): ActionError {
  const message = `CronJob ${namespace}/${name} takes ${variables.join(', ')} of container ${container} from elsewhere (valueFrom), and this run has a value of its own`;
  return new ActionError('env-taken', message, { hint: 'Remove the variable from the CronJob: the run gives it.' });
}

function requireContainers({ namespace, name, containers }: CronJob, wanted: readonly string[]): void {
  const there = containers.map((container) => container.name);
  const missing = wanted.filter((container) => !there.includes(container));
  if (missing.length === 0) return;
  const message = `CronJob ${namespace}/${name} has no container ${missing.join(', ')}; it has: ${there.join(', ')}`;
  throw new ActionError('container-unknown', message, { hint: 'Check the names of the containers in delivery.yaml.' });
}

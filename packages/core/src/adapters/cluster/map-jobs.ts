import type { V1CronJob, V1Job, V1JobTemplateSpec } from '@kubernetes/client-node';
import type { CronJob, Job } from '../../domain/job.ts';
import type { Wire } from './map.ts';
import { count, identity, orEmpty, ownerOf, text, toConditions, toContainers, toDate } from './map.ts';

export type JobTemplate = Wire<V1JobTemplateSpec>;

export function toJob(object: Wire<V1Job>): Job {
  const metadata = orEmpty(object.metadata);
  const status = orEmpty(object.status);
  return {
    ...identity(metadata),
    resourceVersion: text(metadata.resourceVersion),
    ownerUid: ownerOf(metadata),
    createdAt: toDate(metadata.creationTimestamp),
    labels: orEmpty(metadata.labels) as Record<string, string>,
    annotations: orEmpty(metadata.annotations) as Record<string, string>,
    suspended: orEmpty(object.spec).suspend === true,
    deleting: typeof metadata.deletionTimestamp === 'string',
    active: count(status.active),
    terminating: count(status.terminating),
    conditions: toConditions(status.conditions),
  };
}

export function toCronJob(object: Wire<V1CronJob>): CronJob {
  const template: JobTemplate = orEmpty(orEmpty(object.spec).jobTemplate);
  const podTemplate = orEmpty(orEmpty(template.spec).template);
  return {
    ...identity(orEmpty(object.metadata)),
    containers: toContainers(orEmpty(podTemplate.spec)),
    podsPerJob: Math.max(orEmpty(template.spec).completions ?? 1, orEmpty(template.spec).parallelism ?? 1),
    podLabels: orEmpty(orEmpty(podTemplate.metadata).labels) as Record<string, string>,
    template,
  };
}

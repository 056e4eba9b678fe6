import { resolveTag } from './image-streams.ts';
import type { DeploymentConfig, ImageStream, Workload, Writer } from './objects.ts';

interface Trigger {
  readonly from: { readonly kind: string; readonly name: string; readonly namespace?: string };
  readonly fieldPath: string;
  readonly paused?: boolean;
}

/** Annotation image.openshift.io/triggers (library-go, pkg/image/trigger/annotations.go, UpdateObjectFromImages). */
export async function triggerWorkload(
  resource: 'deployments' | 'statefulsets',
  workload: Workload,
  streams: readonly ImageStream[],
  writer: Writer,
): Promise<void> {
  const annotation = workload.metadata.annotations?.['image.openshift.io/triggers'];
  if (annotation === undefined) return;
  const fields: Record<string, string> = {};
  for (const { from, fieldPath, paused } of JSON.parse(annotation) as Trigger[]) {
    const [, list = '', name] =
      /^spec\.template\.spec\.(containers|initContainers)\[\?\(@\.name=="(.*)"\)\]\.image$/.exec(fieldPath) ?? [];
    const { containers, initContainers = [] } = workload.spec.template.spec;
    const some = list === 'containers' ? containers : initContainers;
    const index = some.findIndex((container) => container.name === name);
    const image = resolveTag(streams, from.namespace ?? workload.metadata.namespace, from.name);
    if (paused !== true && index >= 0 && image !== undefined && some[index]?.image !== image)
      fields[`/spec/template/spec/${list}/${index}/image`] = image;
  }
  if (Object.keys(fields).length > 0) await writer.set(resource, workload, fields);
}

/** Triggers ImageChange (openshift-controller-manager, pkg/image/trigger/deploymentconfigs, UpdateDeploymentConfigImages). True: changed. */
export async function triggerConfig(
  config: DeploymentConfig,
  streams: readonly ImageStream[],
  writer: Writer,
): Promise<boolean> {
  const fields: Record<string, string> = {};
  for (const [at, { imageChangeParams }] of (config.spec.triggers ?? []).entries()) {
    if (!imageChangeParams?.automatic) continue;
    const { from, containerNames = [], lastTriggeredImage } = imageChangeParams;
    const image = resolveTag(streams, from.namespace ?? config.metadata.namespace, from.name);
    if (image === undefined) continue;
    if (lastTriggeredImage !== image) fields[`/spec/triggers/${at}/imageChangeParams/lastTriggeredImage`] = image;
    const { containers, initContainers = [] } = config.spec.template.spec;
    for (const [list, some] of Object.entries({ containers, initContainers }))
      for (const [index, container] of some.entries())
        if (containerNames.includes(container.name) && container.image !== image)
          fields[`/spec/template/spec/${list}/${index}/image`] = image;
  }
  if (Object.keys(fields).length === 0) return false;
  await writer.set('deploymentconfigs', config, fields);
  return true;
}

import type { ImageReference, Repository } from '../image-reference.ts';
import { parseImageReference, sameRepository } from '../image-reference.ts';
import type { Container, Workload } from '../workload.ts';

/** `stopped`: scaled to zero, which is left as it is. */
export type Health = { readonly is: 'healthy' | 'stopped' | 'progressing'; readonly detail: string };

/**
 * Whether a workload runs its template, and only that: its generation observed, all wanted replicas updated, ready and
 * available, none left of an older template (the rule of `kubectl rollout status`, with readiness added).
 */
export function healthOf(workload: Workload): Health {
  const { wanted, replicas, updated, ready, available } = workload;
  const progressing = (detail: string): Health => ({ is: 'progressing', detail });
  if (workload.observedGeneration < workload.generation) return progressing('the change is not observed yet');
  if (wanted === 0) {
    return replicas === 0 ? { is: 'stopped', detail: 'scaled to zero' } : progressing(`${replicas} replicas are left`);
  }
  if (workload.kind === 'DeploymentConfig' && !isRolledOut(workload))
    return progressing('its deployment is not complete');
  if (updated < wanted) return progressing(`${updated} of ${wanted} replicas updated`);
  if (replicas > updated) return progressing(`${replicas - updated} old replicas are left`);
  if (ready < wanted) return progressing(`${ready} of ${wanted} replicas ready`);
  if (available < wanted) return progressing(`${available} of ${wanted} replicas available`);
  if (workload.kind === 'StatefulSet' && workload.currentRevision !== workload.updateRevision) {
    return progressing('the new revision is not the current one yet');
  }
  return { is: 'healthy', detail: `${wanted} of ${wanted} replicas ready` };
}

/**
 * What `oc rollout status` waits for: until then the deployer may still give up and bring the old version back, as a hook can make it. The condition is
 * made anew with each ReplicationController (openshift-controller-manager, deploymentconfig_controller.go).
 */
function isRolledOut({ conditions }: Workload): boolean {
  return conditions.some(
    ({ type, status, reason }) =>
      type === 'Progressing' && status === 'True' && reason === 'NewReplicationControllerAvailable',
  );
}

/** Whether two references name the same content: the digest decides, a tag beside it does not matter. */
export function sameImage(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseImageReference(a), parseImageReference(b)];
  return one?.digest !== undefined && other !== undefined && one.digest === other.digest && sameRepository(one, other);
}

/**
 * Whether a container runs an image. Where a trigger feeds it the digest alone decides: with the reference policy Local the
 * trigger writes the cluster's own registry in front of it.
 */
export function runsImage({ image: present, fedBy }: Container, image: string): boolean {
  if (sameImage(present, image)) return true;
  const digest = parseImageReference(image)?.digest;
  return fedBy !== undefined && digest !== undefined && parseImageReference(present)?.digest === digest;
}

/** What a container runs, when it is content of one of these repositories; where a trigger feeds it, as runsImage takes it. */
export function referenceAmong(
  repositories: readonly (Repository | undefined)[],
  { image, fedBy }: Container,
): ImageReference | undefined {
  const reference = parseImageReference(image);
  if (!reference) return undefined;
  const isOurs = repositories.some((one) => one && sameRepository(one, reference));
  return isOurs || (fedBy !== undefined && reference.digest !== undefined) ? reference : undefined;
}

/** The named containers; one that the workload lacks is left out. */
export function containersOf({ containers }: Workload, names: readonly string[]): Container[] {
  return containers.filter(({ name }) => names.includes(name));
}

/** Their images, by name. */
export function imagesOf(workload: Workload, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(containersOf(workload, names).map(({ name, image }) => [name, image]));
}

export function runsImages(workload: Workload, images: Readonly<Record<string, string>>): boolean {
  return Object.entries(images).every(([name, image]) => {
    const container = workload.containers.find((one) => one.name === name);
    return container !== undefined && runsImage(container, image);
  });
}

import type { CronJob, NewJob } from '@delivery/core/domain/job';
import { ActionError } from '@delivery/core/errors/errors';

/** What CronJob.template is here: the labels of the Jobs, and the variables of containers; undefined: one from a Secret. */
export interface FakeTemplate {
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
}

export function requireContainers({ namespace, name, containers }: CronJob, { images, env = {} }: NewJob): void {
  const there = containers.map((container) => container.name);
  const missing = [...Object.keys(images), ...Object.keys(env)].find((container) => !there.includes(container));
  if (missing === undefined) return;
  const message = `CronJob ${namespace}/${name} has no container ${missing}; it has: ${there.join(', ')}`;
  throw new ActionError('container-unknown', message);
}

export function requireFreeVariables({ namespace, name, template }: CronJob, { env = {} }: NewJob): void {
  for (const [container, given] of Object.entries(env)) {
    const there = (template as FakeTemplate).env?.[container] ?? {};
    const taken = Object.keys(given).find((variable) => variable in there && there[variable] === undefined);
    if (taken === undefined) continue;
    throw new ActionError(
      'env-taken',
      `CronJob ${namespace}/${name} takes ${taken} of container ${container} from elsewhere`,
    );
  }
}

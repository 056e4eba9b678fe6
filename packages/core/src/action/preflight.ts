import type { Need, Right } from '../domain/rights.ts';
import { describeRights, distinctRights } from '../domain/rights.ts';
import { ActionError, RemoteError } from '../errors/errors.ts';
import type { Clusters } from '../ports/clusters.ts';
import { connectAll } from './connect-all.ts';
import type { ActionContext } from './context.ts';

/**
 * Asks for everything that an action needs in all its namespaces at once, before anything is changed. Throws one ActionError
 * `rights-missing` for all that the account lacks. Where that cannot be asked, the log says so and the action goes on: then its own
 * requests tell.
 */
export async function preflight(
  action: string,
  needs: readonly Need[],
  connect: Clusters['permissions'],
  context: Pick<ActionContext, 'log' | 'signal'>,
): Promise<void> {
  connectAll(needs, connect);
  const lacking = await Promise.all(
    merged(needs).map(async (need) => ({ ...need, rights: await lackingOf(need, connect, context) })),
  );
  const found = lacking.filter(({ rights }) => rights.length > 0);
  if (found.length === 0) return;
  const places = found.map((need) => `${placeOf(need)}: ${describeRights(need.rights)}`);
  throw new ActionError(
    'rights-missing',
    `The account lacks rights that ${action} needs, and nothing was changed.\n${places.join('\n')}`,
    { hint: hintFor(action, found) },
  );
}

function hintFor(action: string, found: readonly Need[]): string {
  const access = 'deploy/components/access';
  const isOpenShift = found.some(({ rights }) => rights.some(isOfOpenShift));
  const role = `the Role of ${access}/${action}${isOpenShift ? ` (with what ${access}/openshift adds)` : ''}`;
  const where = found.length === 1 ? 'this namespace' : 'these namespaces';
  return `Bind the account to ${role} in ${where}, or grant exactly these; docs/rights.md says how. With cluster-auth: oidc: is the job in the environment that the cluster demands?`;
}

/** What a DeploymentConfig takes. */
function isOfOpenShift({ group, resource }: Right): boolean {
  return group.endsWith('.openshift.io') || resource === 'replicationcontrollers';
}

/** One need for each namespace. */
function merged(needs: readonly Need[]): readonly Need[] {
  const byPlace = new Map<string, Need>();
  for (const need of needs) {
    const key = JSON.stringify([need.cluster, need.namespace]);
    const rights = distinctRights([...(byPlace.get(key)?.rights ?? []), ...need.rights]);
    byPlace.set(key, { ...need, rights });
  }
  return [...byPlace.values()];
}

async function lackingOf(
  { cluster, namespace, rights }: Need,
  connect: Clusters['permissions'],
  { log, signal }: Pick<ActionContext, 'log' | 'signal'>,
): Promise<readonly Right[]> {
  const permissions = connect(cluster);
  try {
    const { denied, unknown } = await permissions.missing(namespace, rights, signal);
    const [first] = unknown;
    if (first) {
      const which = describeRights(unknown.map(({ right }) => right));
      log.info(
        `Whether the account has these rights in namespace ${namespace} is not known: ${which} (${first.why.message}).`,
      );
    }
    return denied;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RemoteError)) throw error;
    log.info(`Whether the account has the rights it needs in namespace ${namespace} is not known: ${error.message}.`);
    return [];
  }
}

function placeOf({ cluster, namespace }: Need): string {
  return `${cluster === undefined ? '' : `cluster ${cluster}, `}namespace ${namespace}`;
}

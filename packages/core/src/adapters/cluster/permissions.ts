import type { Right } from '../../domain/rights.ts';
import { oneByOne } from '../../domain/rights.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Missing, Permissions } from '../../ports/permissions.ts';
import type { ApiClient } from './api-client.ts';
import { retrying } from './backoff.ts';

/** An answer here decides nothing but how early a missing right is told. */
const answerWithinMs = 10_000;
const repeatWithinMs = 2_000;
const atMostAtOnce = 10;

/** Kubernetes API reference, "ResourceRule v1 authorization.k8s.io". */
interface Rule {
  readonly apiGroups?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
  readonly verbs?: readonly string[] | null;
  readonly resourceNames?: readonly string[] | null;
}

/**
 * Asks the API server itself. Its list of rules may be incomplete, as where a webhook or the cloud decides as well, so what it does
 * not show is asked for one by one (kubernetes.io, "Authorization Overview", "Checking API access").
 */
export class KubernetesPermissions implements Permissions {
  readonly #client: ApiClient;
  readonly #clock: Clock;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async missing(namespace: string, rights: readonly Right[], signal: AbortSignal): Promise<Missing> {
    const denied: Right[] = [];
    const unknown: Missing['unknown'][number][] = [];
    const rules = rights.length === 0 ? [] : await this.#rules(namespace, signal);
    const unproven = rights.flatMap(oneByOne).filter((right) => !rules.some((rule) => proves(rule, right)));
    for (let at = 0; at < unproven.length; at += atMostAtOnce) {
      const some = unproven.slice(at, at + atMostAtOnce);
      const answers = await Promise.all(some.map(async (right) => this.#answerTo(namespace, right, signal)));
      for (const [index, right] of some.entries()) {
        const answer = answers[index];
        if (answer instanceof RemoteError) unknown.push({ right, why: answer });
        else if (!answer) denied.push(right);
      }
    }
    return { denied, unknown };
  }

  /** What one of them cannot be told does not hide the others. */
  async #answerTo(namespace: string, right: Right, signal: AbortSignal): Promise<boolean | RemoteError> {
    try {
      return await this.#allows(namespace, right, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RemoteError) return error;
      throw error;
    }
  }

  async #rules(namespace: string, signal: AbortSignal): Promise<readonly Rule[]> {
    type Answer = { status?: { resourceRules?: readonly Rule[] | null } | null };
    const { status } = await this.#ask<Answer>('SelfSubjectRulesReview', { namespace }, signal);
    return status?.resourceRules ?? [];
  }

  async #allows(namespace: string, right: Right, signal: AbortSignal): Promise<boolean> {
    const { group, verb, names: [name] = [] } = right;
    const [resource = '', subresource] = right.resource.split('/');
    const one = { ...(subresource && { subresource }), ...(name && { name }) };
    const resourceAttributes = { namespace, verb, group, resource, ...one };
    type Answer = { status?: { allowed?: boolean } | null };
    const { status } = await this.#ask<Answer>('SelfSubjectAccessReview', { resourceAttributes }, signal);
    return status?.allowed === true;
  }

  async #ask<T>(kind: string, spec: object, signal: AbortSignal): Promise<T> {
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
    const resource = `${kind.toLowerCase()}s`;
    const place = { verb: 'create', group: '/apis/authorization.k8s.io/v1', resource } as const;
    const request = { ...place, body, withinMs: answerWithinMs };
    return retrying(this.#clock, repeatWithinMs, signal, () => this.#client.json<T>(request, signal));
  }
}

/** A rule for objects of certain names says nothing of the others. */
function proves({ apiGroups, resources, verbs, resourceNames }: Rule, right: Right): boolean {
  const { group, resource, verb, names } = right;
  if (resourceNames && resourceNames.length > 0 && !names?.every((name) => resourceNames.includes(name))) return false;
  const [, subresource] = resource.split('/');
  const ofAny = subresource === undefined ? [] : [`*/${subresource}`];
  return holds(apiGroups, [group]) && holds(verbs, [verb]) && holds(resources, [resource, ...ofAny]);
}

function holds(list: readonly string[] | null | undefined, wanted: readonly string[]): boolean {
  return (list ?? []).some((one) => one === '*' || wanted.includes(one));
}

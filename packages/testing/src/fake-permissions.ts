import type { Right } from '@delivery/core/domain/rights';
import type { Permissions } from '@delivery/core/ports/permissions';

/** A rule of a Role; `*` stands for all. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** When given: of objects with these names alone. */
  readonly resourceNames?: readonly string[];
}

/** An account that may do everything, until a namespace is given rules. */
export class FakePermissions implements Permissions {
  /** The namespaces that were asked about. */
  readonly asked: string[] = [];
  /** Thrown in the place of every answer. */
  trouble: Error | undefined;
  readonly #rules = new Map<string, readonly Rule[]>();

  /** From now on nothing else is allowed there. */
  allowOnly(namespace: string, rules: readonly Rule[]): void {
    this.#rules.set(namespace, rules);
  }

  async missing(namespace: string, rights: readonly Right[], signal: AbortSignal): Promise<readonly Right[]> {
    signal.throwIfAborted();
    this.asked.push(namespace);
    if (this.trouble) throw this.trouble;
    const rules = this.#rules.get(namespace);
    return rules ? rights.filter((right) => !rules.some((rule) => allows(rule, right))) : [];
  }
}

function allows({ apiGroups, resources, verbs, resourceNames }: Rule, { group, resource, verb }: Right): boolean {
  const pairs = [
    [apiGroups, group],
    [resources, resource],
    [verbs, verb],
  ] as const;
  return resourceNames === undefined && pairs.every(([list, one]) => list.includes('*') || list.includes(one));
}

import type { Right } from '@delivery/core/domain/rights';
import { oneByOne } from '@delivery/core/domain/rights';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { Missing, Permissions } from '@delivery/core/ports/permissions';

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
  /** What cannot be told of rights with this verb. */
  readonly unanswered = new Map<Right['verb'], RemoteError>();
  readonly #rules = new Map<string, readonly Rule[]>();

  /** From now on nothing else is allowed there. */
  allowOnly(namespace: string, rules: readonly Rule[]): void {
    this.#rules.set(namespace, rules);
  }

  async missing(namespace: string, rights: readonly Right[], signal: AbortSignal): Promise<Missing> {
    signal.throwIfAborted();
    this.asked.push(namespace);
    if (this.trouble) throw this.trouble;
    const rules = this.#rules.get(namespace);
    const lacking = rules ? rights.flatMap(oneByOne).filter((right) => !rules.some((rule) => allows(rule, right))) : [];
    return {
      denied: lacking.filter(({ verb }) => !this.unanswered.has(verb)),
      unknown: lacking.flatMap((right) => {
        const why = this.unanswered.get(right.verb);
        return why ? [{ right, why }] : [];
      }),
    };
  }
}

function allows({ apiGroups, resources, verbs, resourceNames }: Rule, right: Right): boolean {
  const { group, resource, verb, names } = right;
  if (resourceNames && !names?.every((name) => resourceNames.includes(name))) return false;
  const pairs = [
    [apiGroups, group],
    [resources, resource],
    [verbs, verb],
  ] as const;
  return pairs.every(([list, one]) => list.includes('*') || list.includes(one));
}

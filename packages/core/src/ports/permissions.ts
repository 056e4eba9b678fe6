import type { Right } from '../domain/rights.ts';

/** What the account in use may do in one cluster of Kubernetes. Throws RemoteError (`cluster`). */
export interface Permissions {
  /**
   * Those of `rights` that it lacks for every object of their kind in the namespace, in the order given. One request, and one more,
   * side by side, for each right that the first does not show.
   */
  missing(namespace: string, rights: readonly Right[], signal: AbortSignal): Promise<readonly Right[]>;
}

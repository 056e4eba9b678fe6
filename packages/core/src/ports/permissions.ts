import type { Right } from '../domain/rights.ts';
import type { RemoteError } from '../errors/errors.ts';

/** Of rights that were asked for, in their order; one with names is there once for each. */
export interface Missing {
  readonly denied: readonly Right[];
  /** Could not be asked for. */
  readonly unknown: readonly { readonly right: Right; readonly why: RemoteError }[];
}

/** What the account in use may do in one cluster of Kubernetes. Throws RemoteError (`cluster`). */
export interface Permissions {
  /**
   * Those of `rights` that it lacks: for the objects of their names, else for every object of their kind in the namespace. One
   * request, and one more, some side by side, for each that the first does not show. Throws where the first is not answered.
   */
  missing(namespace: string, rights: readonly Right[], signal: AbortSignal): Promise<Missing>;
}

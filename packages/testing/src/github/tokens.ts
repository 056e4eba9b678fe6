import { randomBytes } from 'node:crypto';

export type Access = 'read' | 'write';
/** Scopes of a GITHUB_TOKEN, such as `deployments: write`. */
export type Permissions = Readonly<Record<string, Access>>;

/** Whom a token stands for. */
export interface Grant {
  readonly actor: string;
  /** A token of a run works in its own repository only, and within what the workflow grants; a person's works everywhere. */
  readonly run: { readonly repository: string; readonly permissions: Permissions } | undefined;
}

/** Tokens of runs end with their run, as GITHUB_TOKEN does; every other token is a person's and is always good. */
export class Tokens {
  readonly #ofRuns = new Map<string, Grant>();

  mint(repository: string, actor: string, permissions: Permissions): string {
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    this.#ofRuns.set(token, { actor, run: { repository, permissions } });
    return token;
  }

  revoke(token: string): void {
    this.#ofRuns.delete(token);
  }

  /** Reads an Authorization header; undefined when it names no good token. */
  find(header: string | undefined): Grant | undefined {
    const token = /^(?:bearer|token) (\S+)$/i.exec(header ?? '')?.[1];
    if (token === undefined) return undefined;
    if (token.startsWith('ghs_')) return this.#ofRuns.get(token);
    return { actor: 'operator', run: undefined };
  }
}

export function allows({ run }: Grant, scope: string, access: Access): boolean {
  if (!run) return true;
  const granted = run.permissions[scope];
  return granted === 'write' || granted === access;
}

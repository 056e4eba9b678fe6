/** Who may do what. A pattern is a repository's name, a prefix that ends with `/*`, or `*`. */
export interface TokenUser {
  readonly password: string;
  readonly pull: readonly string[];
  readonly push: readonly string[];
}

/** One entry of the `access` claim (distribution, docs/spec/auth/jwt). */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' || pattern === name || (pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1))),
  );
}

function allowed({ pull, push }: Pick<TokenUser, 'pull' | 'push'>, action: string, name: string): boolean {
  if (action === 'pull') return matches(pull, name) || matches(push, name);
  return (action === 'push' || action === 'delete') && matches(push, name);
}

/**
 * What of the scopes asked for is granted; a scope is `type:name:action,action` (docs/spec/auth/scope), and the name may
 * hold colons. Less may be granted than was asked for: the registry judges.
 */
export function grant(user: Pick<TokenUser, 'pull' | 'push'>, scopes: readonly string[]): Access[] {
  return scopes.flatMap((scope) => {
    const [, type, name, actions] = /^([a-z]+(?:\([a-z]+\))?):(.+):([a-z*,]*)$/.exec(scope) ?? [];
    if (type === undefined || name === undefined || actions === undefined) return [];
    const asked = actions.split(',');
    return [
      { type, name, actions: type === 'repository' ? asked.filter((action) => allowed(user, action, name)) : [] },
    ];
  });
}

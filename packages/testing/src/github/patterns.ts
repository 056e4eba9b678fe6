/**
 * Filter patterns of branches, tags and paths (docs.github.com, "Workflow syntax", filter pattern cheat sheet): `*` does not
 * cross `/`, `**` does, `?` and `+` count the character before, `[...]` is a set, a leading `!` takes away again.
 */
export function matchesFilter(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negative = pattern.startsWith('!');
    if (toExpression(negative ? pattern.slice(1) : pattern).test(name)) matched = !negative;
  }
  return matched;
}

function toExpression(pattern: string): RegExp {
  const parts = pattern.match(/\*\*\/|\*\*|\*|\[[^\]]+\]|\\.|[?+]|[^*[\\?+]+/g) ?? [];
  return new RegExp(`^${parts.map(translate).join('')}$`);
}

function translate(part: string): string {
  if (part === '**/') return '(?:.*/)?';
  if (part === '**') return '.*';
  if (part === '*') return '[^/]*';
  if (part === '?' || part === '+' || part.startsWith('[') || part.startsWith('\\')) return part;
  return part.replace(/[.^${}()|\]]/g, '\\$&');
}

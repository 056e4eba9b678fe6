/**
 * The few expressions that name a concurrency group: `github.*`, `inputs.*` and `vars.*`, texts, `||` and `&&`. Everything
 * inside jobs is the runner's to evaluate. Throws on anything else, so that a group never means something else than on GitHub.
 */
export function evaluateText(text: string, contexts: Readonly<Record<string, unknown>>): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const value = evaluate(expression, contexts);
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function evaluate(expression: string, contexts: Readonly<Record<string, unknown>>): unknown {
  const parts = expression.match(/'(?:[^']|'')*'|\|\||&&|[^\s|&']+|\S/g) ?? [];
  let value = operand(parts[0], contexts);
  for (let index = 1; index < parts.length; index += 2) {
    const right = operand(parts[index + 1], contexts);
    if (parts[index] === '||') value = value || right;
    else if (parts[index] === '&&') value = value && right;
    else throw new Error(`the stand-in does not understand the expression${expression}`);
  }
  return value;
}

function operand(text: string | undefined, contexts: Readonly<Record<string, unknown>>): unknown {
  if (text === undefined) throw new Error('an expression ends too early');
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (text === 'true' || text === 'false') return text === 'true';
  const [context = '', ...path] = text.split('.');
  if (!(context in contexts) || !/^[\w.-]+$/.test(text))
    throw new Error(`the stand-in does not understand ${text} here`);
  return path.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined | null)?.[key],
    contexts[context],
  );
}

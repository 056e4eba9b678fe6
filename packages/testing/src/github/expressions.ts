/**
 * The few expressions that name a concurrency group or a run (docs.github.com, "Evaluate expressions"): `github.*`, `inputs.*` and
 * `vars.*`, texts, `!`, `==`, `!=`, `&&`, `||`, brackets and `format`. Everything inside jobs is the runner's to evaluate. Throws
 * on anything else, so that a name never means something else than on GitHub.
 */
export function evaluateText(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{((?:'[^']*'|[^'])*?)\}\}/g, (_, expression: string) =>
    shown(new Expression(expression, contexts).value()),
  );
}

type Contexts = Readonly<Record<string, unknown>>;

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One expression, read from left to right; every method reads one level of it and gives its value. */
class Expression {
  readonly #text: string;
  readonly #tokens: string[];
  readonly #contexts: Contexts;

  constructor(text: string, contexts: Contexts) {
    this.#text = text;
    this.#tokens = text.match(/'(?:[^']|'')*'|\|\||&&|[!=]=|[!(),]|[\w.-]+|\S/g) ?? [];
    this.#contexts = contexts;
  }

  value(): unknown {
    const value = this.#either();
    if (this.#tokens.length > 0) this.#fail();
    return value;
  }

  #either(): unknown {
    let value = this.#both();
    while (this.#take('||')) {
      const right = this.#both();
      value = value || right;
    }
    return value;
  }

  #both(): unknown {
    let value = this.#compared();
    while (this.#take('&&')) {
      const right = this.#compared();
      value = value && right;
    }
    return value;
  }

  #compared(): unknown {
    const value = this.#operand();
    if (this.#take('==')) return isSame(value, this.#operand());
    if (this.#take('!=')) return !isSame(value, this.#operand());
    return value;
  }

  #operand(): unknown {
    if (this.#take('!')) return !this.#operand();
    if (this.#take('(')) {
      const value = this.#either();
      return this.#take(')') ? value : this.#fail();
    }
    const token = this.#tokens.shift() ?? this.#fail();
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (token === 'true' || token === 'false') return token === 'true';
    return token === 'format' && this.#take('(') ? this.#format() : this.#found(token);
  }

  #format(): string {
    const form = this.#either();
    const values: unknown[] = [];
    while (this.#take(',')) values.push(this.#either());
    if (!this.#take(')')) this.#fail();
    return shown(form).replace(/\{(\d)\}/g, (_, index: string) => shown(values[Number(index)]));
  }

  #found(token: string): unknown {
    const [context = '', ...path] = token.split('.');
    if (!/^\w[\w.-]*$/.test(token) || !Object.hasOwn(this.#contexts, context)) this.#fail();
    return path.reduce<unknown>(
      (at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      this.#contexts[context],
    );
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #fail(): never {
    throw new Error(`the stand-in does not understand the expression${this.#text}`);
  }
}

/** GitHub does not tell upper from lower case in texts. */
function isSame(left: unknown, right: unknown): boolean {
  const [a, b] = [left, right].map((value) => (typeof value === 'string' ? value.toLowerCase() : (value ?? '')));
  return a === b;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

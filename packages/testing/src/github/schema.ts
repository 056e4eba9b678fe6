import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

type Schema = object;

// An answer that refuses; the description has every field of it optional.
const refusal = { $ref: '#/components/schemas/basic-error', type: 'object', required: ['message'] };

/** One operation of GitHub's REST API, as description.json holds it. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[];
  readonly body?: { readonly required: boolean; readonly schema: Schema & { readonly properties?: object } };
  /** By status; null where the answer has no JSON body. */
  readonly responses: Readonly<Record<string, Schema | null>>;
}

/** An operation and the values that its path had. */
export interface MatchedOperation {
  readonly operation: Operation;
  readonly values: Readonly<Record<string, string>>;
}

interface Description {
  readonly source: string;
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

/**
 * GitHub's published OpenAPI description (version 2022-11-28 of the API), trimmed to what the stand-in serves
 * (scripts/trim-github-description.ts). Stricter than GitHub: a body field or query parameter that is not described is a
 * problem, because GitHub would ignore it without a word.
 */
export class GitHubDescription {
  readonly source: string;
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
  readonly #coercing = new Ajv({ strict: false, coerceTypes: true, validateSchema: false });
  readonly #compiled = new Map<Schema, ValidateFunction>();
  readonly #routes: readonly { readonly operation: Operation; readonly pattern: RegExp; readonly names: string[] }[];

  constructor(file: string = join(import.meta.dirname, 'description.json')) {
    const { source, operations, schemas } = JSON.parse(readFileSync(file, 'utf8')) as Description;
    this.source = source;
    this.operations = operations;
    formats.default(this.#ajv);
    formats.default(this.#coercing);
    this.#ajv.addSchema({ $id: 'github', components: { schemas: qualify(schemas) } });
    this.#routes = operations.map((operation) => ({
      operation,
      names: [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, '([^/]+)')}$`),
    }));
  }

  /** The operation that serves a path, if it is one of those. */
  match(method: string, path: string): MatchedOperation | undefined {
    for (const { operation, pattern, names } of this.#routes) {
      const found = operation.method === method ? pattern.exec(path) : null;
      if (!found) continue;
      const values = names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')] as const);
      return { operation, values: Object.fromEntries(values) };
    }
    return undefined;
  }

  /** What is wrong with a request, one sentence for each; empty when it is as described. `body` is undefined when there is none. */
  requestProblems({ operation, values }: MatchedOperation, query: URLSearchParams, body: unknown): string[] {
    const problems: string[] = [];
    for (const name of query.keys()) {
      const known = operation.parameters.some((parameter) => parameter.in === 'query' && parameter.name === name);
      if (!known) problems.push(`query parameter ${name} is not described`);
    }
    for (const { name, in: where, required, schema } of operation.parameters) {
      const value = where === 'query' ? (query.get(name) ?? undefined) : values[name];
      if (value === undefined && required) problems.push(`parameter ${name} is missing`);
      if (value !== undefined)
        problems.push(
          ...this.#check(this.#coercing, { properties: { value: schema } }, { value }, `parameter ${name}`),
        );
    }
    return [...problems, ...this.#bodyProblems(operation, body)];
  }

  /** What is wrong with an answer. Refusals whose body an operation does not describe have to be GitHub's `basic-error`. */
  answerProblems(operation: Operation, status: number, body: unknown): string[] {
    const schema = operation.responses[String(status)];
    if (schema) return this.#check(this.#ajv, schema, body, 'answer');
    if (status >= 400) return this.#check(this.#ajv, refusal, body, 'answer');
    if (schema === undefined) return [`status ${status} is not described`];
    return body === undefined ? [] : ['a body is not described'];
  }

  #bodyProblems(operation: Operation, body: unknown): string[] {
    if (!operation.body) return body === undefined ? [] : ['a body is not described'];
    if (body === undefined) return operation.body.required ? ['a body is required'] : [];
    const { schema } = operation.body;
    const problems = this.#check(this.#ajv, schema, body, 'body');
    for (const name of Object.keys(body ?? {})) {
      if (schema.properties && !(name in schema.properties)) problems.push(`body field ${name} is not described`);
    }
    return problems;
  }

  #check(ajv: Ajv, schema: Schema, value: unknown, what: string): string[] {
    const validate = this.#compiled.get(schema) ?? ajv.compile(qualify(schema));
    this.#compiled.set(schema, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => describe(what, error));
  }
}

function describe(what: string, { instancePath, message = 'is wrong', params }: ErrorObject): string {
  return `${what}${instancePath} ${message} ${JSON.stringify(params)}`;
}

/**
 * References become absolute, so that every schema can be compiled by itself. Two things that the description says against itself are
 * taken as GitHub answers: an address whose own default is an empty text may be empty, and a nullable choice may be null.
 */
function qualify<T>(schema: T): T {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === '$ref') return String(value).replace(/^#/, 'github#');
    if (!isRecord(value)) return value;
    if (value['default'] === '') delete value['format'];
    if (value['nullable'] === true && Array.isArray(value['enum'])) value['enum'].push(null);
    if (value['nullable'] === true && Array.isArray(value['oneOf'])) {
      value['oneOf'].push({ type: 'null' });
      delete value['nullable'];
    }
    return value;
  }) as T;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RateLimits } from '../rate-limits.ts';
import type { ApiAnswer, Backend, Endpoint } from './endpoint.ts';
import { Refusal } from './endpoint.ts';
import { checkEndpoints } from './endpoints-checks.ts';
import { commitEndpoints } from './endpoints-commits.ts';
import { deploymentEndpoints } from './endpoints-deployments.ts';
import { packageEndpoints } from './endpoints-packages.ts';
import { runEndpoints } from './endpoints-runs.ts';
import type { MatchedOperation } from './schema.ts';
import { GitHubDescription } from './schema.ts';
import type { Json } from './shapes.ts';
import type { Grant, Tokens } from './tokens.ts';
import { allows } from './tokens.ts';

const endpoints: Readonly<Record<string, Endpoint>> = {
  ...runEndpoints,
  ...checkEndpoints,
  ...commitEndpoints,
  ...deploymentEndpoints,
  ...packageEndpoints,
};
const maxBodyBytes = 1024 * 1024;

/** A request or an answer that GitHub's description does not allow. */
export interface Violation {
  readonly side: 'request' | 'answer';
  readonly method: string;
  readonly path: string;
  readonly problems: readonly string[];
}

let published: GitHubDescription | undefined;

/** Read once: schemas are compiled when they are first used, which takes most of a second. */
function description(): GitHubDescription {
  return (published ??= new GitHubDescription());
}

/** GitHub's REST API, as far as description.json goes: every request and every answer is checked against it. */
export class Api {
  readonly violations: Violation[] = [];
  readonly #description = description();
  readonly #backend: Backend;
  readonly #tokens: Tokens;
  readonly #limits: RateLimits | undefined;

  /** `limits` are those of all tokens together; undefined: there are none. */
  constructor(backend: Backend, tokens: Tokens, limits: RateLimits | undefined) {
    this.#backend = backend;
    this.#tokens = tokens;
    this.#limits = limits;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const { pathname, searchParams } = new URL(request.url ?? '/', this.#backend.url);
    const matched = this.#description.match(method, pathname);
    const text = await readBody(request);
    let answer: ApiAnswer;
    const extra: Record<string, string> = {};
    try {
      const grant = this.#tokens.find(headers.authorization);
      if (!grant) throw new Refusal(401, 'Requires authentication');
      if (!matched) throw new Refusal(404, 'Not Found');
      this.#spend(method, extra);
      answer = this.#answer(matched, grant, method, pathname, searchParams, text, extra);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { status: error.status, body: refusal(error) };
    }
    if (matched) answer = this.#checkAnswer(matched, answer, method, pathname);
    this.#backend.log(
      `${method} ${pathname} ${answer.status}${matched ? ` ${matched.operation.id}` : ': the stand-in does not serve this'}`,
    );
    const type = answer.body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
    response.writeHead(answer.status, {
      ...type,
      ...answer.headers,
      ...extra,
      'x-github-media-type': 'github.v3; format=json',
    });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  #answer(
    matched: MatchedOperation,
    grant: Grant,
    method: string,
    path: string,
    query: URLSearchParams,
    text: string,
    extra: Record<string, string>,
  ): ApiAnswer {
    const { operation, values } = matched;
    const endpoint = endpoints[operation.id];
    if (!endpoint) throw new Error(`${operation.id} is described but not served`);
    const own = grant.run?.repository;
    const repository = endpoint.ofOwner ? (own ?? '') : `${values['owner']}/${values['repo']}`;
    const foreign = own !== undefined && own !== repository;
    const isThere = endpoint.ofOwner ?? this.#backend.repositories.has(repository);
    if (foreign || !isThere) throw new Refusal(404, 'Not Found');
    const [scope, access] = endpoint.needs;
    extra['x-accepted-github-permissions'] = `${scope}=${access}`;
    if (!allows(grant, scope, access)) throw new Refusal(403, 'Resource not accessible by integration');
    const body = parseBody(text);
    const problems = this.#description.requestProblems(matched, query, body);
    if (problems.length > 0) {
      this.#violated({ side: 'request', method, path, problems });
      throw new Refusal(422, `Invalid request.\n\n${problems.join('\n')}`);
    }
    return endpoint.answer({ repository, values, query, body: (body ?? {}) as Json, grant }, this.#backend);
  }

  #spend(method: string, extra: Record<string, string>): void {
    const taken = this.#limits?.take(method !== 'GET');
    Object.assign(extra, taken?.headers);
    if (taken?.refused !== undefined) throw new Refusal(403, taken.refused);
  }

  #checkAnswer({ operation }: MatchedOperation, answer: ApiAnswer, method: string, path: string): ApiAnswer {
    const problems = this.#description.answerProblems(operation, answer.status, answer.body);
    if (problems.length === 0) return answer;
    this.#violated({ side: 'answer', method, path, problems });
    return { status: 500, body: { message: `the stand-in's own answer is wrong: ${problems.join('; ')}` } };
  }

  #violated(violation: Violation): void {
    this.violations.push(violation);
    this.#backend.log(`VIOLATION of ${this.#description.source}: ${JSON.stringify(violation)}`);
  }
}

function refusal({ status, message }: Refusal): Json {
  return { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Problems parsing JSON');
  }
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error(`a request body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

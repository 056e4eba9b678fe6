import type { KeyObject } from 'node:crypto';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerAnswer } from '../server-answer.ts';
import { jsonAnswer, write } from '../server-answer.ts';
import type { TokenUser } from './rights.ts';
import { grant } from './rights.ts';
import { signToken } from './tokens.ts';

export interface TokenServiceOptions {
  readonly port: number;
  readonly issuer: string;
  /** RSA; the registry knows it by a certificate. */
  readonly key: KeyObject;
  readonly lifetimeS: number;
  readonly users: Readonly<Record<string, TokenUser>>;
  /** Repositories that everybody may pull. */
  readonly anonymousPull?: readonly string[];
}

const longestBody = 64 * 1024;

/** A user as the request names it; undefined: nobody is named; 'refused': named, but not known. */
type Caller = { name: string; user: TokenUser } | undefined | 'refused';

/**
 * The token service of a registry that asks for Bearer tokens, over HTTP on loopback: `GET /token` with basic auth
 * (distribution, docs/spec/auth/token) and OAuth2's `POST /token` by password or refresh token (docs/spec/auth/oauth).
 */
export class TokenService implements AsyncDisposable {
  readonly #options: TokenServiceOptions;
  readonly #refreshTokens = new Map<string, string>();
  readonly #server = createServer((request, response) => {
    this.#answer(request).then(
      (answer) => write(answer, response),
      () => write(jsonAnswer(500, { errors: [{ code: 'UNKNOWN', message: 'the token service failed' }] }), response),
    );
  });

  private constructor(options: TokenServiceOptions) {
    this.#options = options;
  }

  static async start(options: TokenServiceOptions): Promise<TokenService> {
    const service = new TokenService(options);
    await new Promise<void>((resolve, reject) => {
      service.#server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
    });
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<ServerAnswer> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname !== '/token') return jsonAnswer(404, { errors: [{ code: 'UNKNOWN', message: 'not found' }] });
    if (request.method === 'GET') return this.#token(url.searchParams, this.#byHeader(request.headers.authorization));
    if (request.method !== 'POST') return jsonAnswer(405, { error: 'invalid_request' });
    const body = await readBody(request);
    if (body === undefined) return jsonAnswer(413, { error: 'invalid_request' });
    const form = new URLSearchParams(body);
    const caller = this.#byForm(form);
    return caller === undefined ? jsonAnswer(400, { error: 'unsupported_grant_type' }) : this.#token(form, caller);
  }

  #token(query: URLSearchParams, caller: Caller): ServerAnswer {
    if (caller === 'refused')
      return jsonAnswer(401, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] });
    const { issuer, key, lifetimeS, anonymousPull = [] } = this.#options;
    const nowS = Math.floor(Date.now() / 1000);
    const scopes = query.getAll('scope').flatMap((scope) => scope.split(' '));
    const access = grant(caller?.user ?? { pull: anonymousPull, push: [] }, scopes);
    const audience = query.get('service') ?? '';
    const token = signToken(key, { issuer, subject: caller?.name ?? '', audience, access }, { nowS, lifetimeS });
    const offline = query.get('offline_token') === 'true' || query.get('access_type') === 'offline';
    const issuedAt = new Date(nowS * 1000).toISOString();
    return jsonAnswer(200, {
      token,
      access_token: token,
      expires_in: lifetimeS,
      issued_at: issuedAt,
      ...(offline && caller && { refresh_token: this.#refreshToken(caller.name) }),
    });
  }

  #refreshToken(name: string): string {
    const token = randomBytes(24).toString('base64url');
    this.#refreshTokens.set(token, name);
    return token;
  }

  #byHeader(authorization: string | undefined): Caller {
    if (authorization === undefined) return undefined;
    const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
    const text = Buffer.from(encoded ?? '', 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 1 ? 'refused' : this.#byPassword(text.slice(0, colon), text.slice(colon + 1));
  }

  #byForm(form: URLSearchParams): Caller {
    const kind = form.get('grant_type');
    if (kind === 'password') return this.#byPassword(form.get('username') ?? '', form.get('password') ?? '');
    if (kind !== 'refresh_token') return undefined;
    const name = this.#refreshTokens.get(form.get('refresh_token') ?? '');
    const user = name === undefined ? undefined : this.#options.users[name];
    return name !== undefined && user ? { name, user } : 'refused';
  }

  #byPassword(name: string, password: string): Caller {
    const user = Object.hasOwn(this.#options.users, name) ? this.#options.users[name] : undefined;
    return user && sameText(user.password, password) ? { name, user } : 'refused';
  }
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The body as text; undefined when it is longer than any honest one. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestBody) chunks.push(chunk);
  }
  return length > longestBody ? undefined : Buffer.concat(chunks).toString();
}

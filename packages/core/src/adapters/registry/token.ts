import { z } from 'zod';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Login } from './credentials.ts';
import { answerError, RegistryError, type Secrets } from './failure.ts';
import { keepsTransport, leadsInside, mayReceiveLogin } from './hosts.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';

/** What may be done with a repository: the actions of a scope (distribution, docs/spec/auth/scope). */
export type Access = 'pull' | 'pull,push' | 'pull,delete' | 'pull,push,delete';

/** A repository, on the host that is asked, and what is to be done with it. */
export interface Scope {
  readonly path: string;
  readonly access: Access;
}

/** Both in one. */
export function bothAccesses(a: Access, b: Access): Access {
  const actions = ['pull', 'push', 'delete'].filter((action) => `${a},${b}`.includes(action));
  return actions.join(',') as Access;
}

/** What a Bearer challenge says (distribution, docs/spec/auth/token, "How to authenticate"). */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

export interface Token {
  readonly token: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since 1970 by the Clock. */
  readonly usableUntil: number;
}

export interface TokenOptions {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly transport: Transport;
  readonly trustedRealmHosts: readonly string[];
}

const maxTokenBytes = 64 * 1024;
/** "When omitted, this defaults to 60 seconds" (docs/spec/auth/token, "Token Response Fields"). */
const defaultLifetimeS = 60;
/** Before what was denied is asked for once more. */
export const pauseMs = 1_000;

const tokenAnswer = z.object({
  // A token is put into a header, so nothing but visible ASCII will do.
  token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .optional(),
  access_token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .optional(),
  expires_in: z.number().positive().optional(),
});

/**
 * Reads the realm of a challenge. Refuses one that would be spoken to in clear text, and one that may not have the login
 * (see mayReceiveLogin); without a login nothing secret is sent, and any https realm will do.
 */
export function checkRealm(
  realm: string | undefined,
  registry: URL,
  login: Login | undefined,
  trusted: readonly string[],
): URL {
  const url = URL.parse(realm ?? '');
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new RegistryError(`${registry.host} names no usable token service in its challenge`, {
      status: 401,
      retryable: false,
    });
  }
  if (leadsInside(registry, url)) {
    throw new RegistryError(`${registry.host} names a token service in the network of the runner, ${url.host}`, {
      status: 401,
      retryable: false,
    });
  }
  if (!keepsTransport(registry, url)) {
    throw new RegistryError(`${registry.host} names a token service without TLS, ${url.host}: it gets no login`, {
      status: 401,
      retryable: false,
    });
  }
  if (login && !mayReceiveLogin(registry, url, trusted)) {
    throw new RegistryError(
      `${registry.host} names a token service of another domain, ${url.host}: it does not get the login from ${login.from}`,
      {
        status: 401,
        retryable: false,
        hint: `If ${url.host} does belong to ${registry.host}, it has to be trusted by name.`,
      },
    );
  }
  return url;
}

/**
 * Gets a token for `repository`, and what else the scopes name: GET with the password as Basic, or, for an identity token, OAuth2's POST
 * (distribution, docs/spec/auth/token and oauth). A 403 is tried once more: ghcr.io denies now and then what it grants next.
 */
export async function fetchToken(
  { realm, service }: TokenService,
  repository: Repository,
  scopes: readonly Scope[],
  login: Login | undefined,
  options: TokenOptions,
  signal: AbortSignal,
): Promise<Token> {
  const { clock, transport, secrets } = options;
  const what = `getting a token for ${formatRepository(repository)}`;
  const asked = scopes.map(({ path, access }) => `repository:${path}:${access}`);
  const request = { ...tokenRequest(realm, service, asked, login), maxBytes: maxTokenBytes, what, signal };
  const askedAt = clock.now().getTime();
  let answer = await transport(request);
  if (answer.status === 403) {
    await clock.sleep(pauseMs, signal);
    answer = await transport(request);
  }
  if (answer.status !== 200) {
    const because = login ? `the login from ${login.from} was refused` : `no credentials for ${repository.host}`;
    throw answerError(what, answer, secrets, { because });
  }
  const { token, lifetimeMs } = readToken(answer, what);
  secrets.add(token);
  // A tenth is kept back, so that a token does not run out on its way.
  return { token, scopes, usableUntil: askedAt + lifetimeMs * 0.9 };
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  login: Login | undefined,
): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const url = new URL(realm);
  if (login?.kind === 'identity-token') {
    const form = {
      grant_type: 'refresh_token',
      client_id: 'fragalysis-actions',
      refresh_token: login.token,
      ...(service !== undefined && { service }),
      scope: scopes.join(' '),
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url, headers, body: new URLSearchParams(form).toString() };
  }
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return { method: 'GET', url, headers: login ? { authorization: basic(login) } : {} };
}

export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function readToken(answer: HttpAnswer, what: string): { token: string; lifetimeMs: number } {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(answer.bytes));
  } catch {
    json = undefined;
  }
  const document = tokenAnswer.safeParse(json).data;
  const token = document?.token ?? document?.access_token;
  if (token === undefined)
    throw new RegistryError(`${what} failed: ${answer.url.host} answered without a token`, {
      status: 200,
      retryable: false,
    });
  return { token, lifetimeMs: (document?.expires_in ?? defaultLifetimeS) * 1000 };
}

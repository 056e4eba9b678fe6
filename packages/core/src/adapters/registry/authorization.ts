import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials, Login } from './credentials.ts';
import { answerError, RegistryError } from './failure.ts';
import { apiOrigin } from './hosts.ts';
import type { Access, Scope, Token, TokenOptions, TokenService } from './token.ts';
import { basic, bothAccesses, checkRealm, fetchToken, pauseMs } from './token.ts';
import type { HttpAnswer, HttpRequest } from './transport.ts';

export interface AuthorizationOptions extends TokenOptions {
  readonly credentials: Credentials;
  /** Asked for from the first token on: one token then does for all that is done with a repository. */
  readonly access: (repository: Repository) => Access;
}

/** What a request needs; `from`: to pull from another repository of the same host as well, as a mount does. */
export interface Wanted {
  readonly repository: Repository;
  readonly access: Access;
  readonly from?: Repository;
}

/** Tokens are counted as they are asked for. */
interface Numbered {
  readonly number: number;
}

/** The value of the header, and which tokens a refusal of it makes worthless. */
export interface Sent {
  readonly value: string | undefined;
  readonly upTo: number;
}

type Scheme = { readonly kind: 'basic' } | ({ readonly kind: 'bearer' } & TokenService);

/**
 * Sends requests with the authorization that a registry asks for by its challenge (RFC 9110, section 11; Basic, or Bearer as in
 * distribution's docs/spec/auth/token). Nothing secret is sent before the registry's own host has asked; tokens are kept for their
 * repositories until they run out; a token that is refused is replaced once, by one that was asked for after the request that was
 * refused: what makes one worthless (its time, a login that was changed) does so to those before it.
 */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #schemes = new Map<string, Scheme>();
  readonly #logins = new Map<string, Promise<Login | undefined>>();
  readonly #tokens = new Map<string, Token & Numbered>();
  readonly #asked = new Map<string, Numbered & { readonly token: Promise<Token>; readonly signal: AbortSignal }>();
  /** By host: the last token that a refusal has made worthless, with all before it. */
  readonly #refusedUpTo = new Map<string, number>();
  #lastNumber = 0;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** Gives any answer but a 401, which is an error that says which login was used. */
  async send(request: HttpRequest, wanted: Wanted): Promise<HttpAnswer> {
    const { transport, clock } = this.#options;
    const { host } = wanted.repository;
    let sent = await this.header(wanted, request.signal);
    let answer = await transport(withAuthorization(request, sent));
    if (answer.status === 401 && !sent.value?.startsWith('Basic ')) {
      this.#learn(wanted.repository, answer);
      this.forget(host, sent);
      const fresh = await this.header(wanted, request.signal);
      if (fresh.value !== undefined) answer = await transport(withAuthorization(request, (sent = fresh)));
    }
    if (answer.status === 403 && this.#schemes.get(host)?.kind === 'bearer') {
      // ghcr.io denies a good token now and then.
      await clock.sleep(pauseMs, request.signal);
      this.forget(host, sent);
      answer = await transport(withAuthorization(request, await this.header(wanted, request.signal)));
    }
    if (answer.status === 401) throw await this.#refused(request, wanted.repository, answer);
    return answer;
  }

  /** What the reader can do about a refusal that no other login would have got. */
  async forbiddenHint({ repository, access }: Wanted, signal: AbortSignal): Promise<string> {
    const login = await this.#login(repository, signal);
    const right = access.includes('delete') ? 'delete from' : access.includes('push') ? 'write to' : 'read';
    return login
      ? `The login from ${login.from} may not ${right} ${formatRepository(repository)}.`
      : `Nobody is logged in at ${repository.host}; ${loginAdvice(repository)}`;
  }

  /** From what is known of the host: undefined when nothing is. To be sent at once. */
  async header(wanted: Wanted, signal: AbortSignal): Promise<Sent> {
    const value = await this.#header(wanted, signal);
    return { value, upTo: this.#lastNumber };
  }

  /** What was sent was refused: other tokens than those of that time are used from now on. */
  forget(host: string, { upTo }: Sent): void {
    this.#refusedUpTo.set(host, Math.max(upTo, this.#refusedUpTo.get(host) ?? 0));
  }

  async #header(wanted: Wanted, signal: AbortSignal): Promise<string | undefined> {
    const { repository, from } = wanted;
    const scheme = this.#schemes.get(repository.host);
    if (!scheme) return undefined;
    const login = await this.#login(repository, signal);
    if (scheme.kind === 'basic') return login?.kind === 'password' ? basic(login) : undefined;

    const access = bothAccesses(wanted.access, this.#options.access(repository));
    const scopes: Scope[] = [{ path: repository.path, access }];
    if (from && from.path !== repository.path) scopes.push({ path: from.path, access: 'pull' });
    const kept = this.#kept(repository.host, scopes);
    const { token } = kept ?? (await this.#fetch(repository, scheme, scopes, login, signal));
    return `Bearer ${token}`;
  }

  #isRefused(host: string, { number }: Numbered): boolean {
    return number <= (this.#refusedUpTo.get(host) ?? 0);
  }

  #kept(host: string, scopes: readonly Scope[]): Token | undefined {
    const now = this.#options.clock.now().getTime();
    for (const [key, token] of this.#tokens) {
      if (!key.startsWith(`${host} `)) continue;
      if (now >= token.usableUntil || this.#isRefused(host, token)) this.#tokens.delete(key);
      else if (covers(token, scopes)) return token;
    }
    return undefined;
  }

  /** One request for all that want the same at the same time. */
  async #fetch(
    repository: Repository,
    scheme: TokenService,
    scopes: readonly Scope[],
    login: Login | undefined,
    signal: AbortSignal,
  ): Promise<Token> {
    const key = `${repository.host} ${scopes.map(({ path, access }) => `${path}:${access}`).join(' ')}`;
    const asked = this.#asked.get(key);
    if (asked && !this.#isRefused(repository.host, asked)) {
      try {
        return await asked.token;
      } catch (error) {
        if (!asked.signal.aborted) throw error;
        signal.throwIfAborted();
        return this.#fetch(repository, scheme, scopes, login, signal);
      }
    }
    const { trustedRealmHosts } = this.#options;
    const realm = checkRealm(scheme.realm.href, new URL(apiOrigin(repository.host)), login, trustedRealmHosts);
    const service = { realm, service: scheme.service };
    const number = ++this.#lastNumber;
    const token = fetchToken(service, repository, scopes, login, this.#options, signal).finally(() => {
      if (this.#asked.get(key)?.number === number) this.#asked.delete(key);
    });
    this.#asked.set(key, { number, token, signal });
    const fresh = await token;
    if (number > (this.#tokens.get(key)?.number ?? 0)) this.#tokens.set(key, { ...fresh, number });
    return fresh;
  }

  #learn(repository: Repository, answer: HttpAnswer): void {
    const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
    const bearer = challenges.find(
      ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined,
    );
    if (bearer) {
      const realm = checkRealm(bearer.parameters['realm'], answer.url, undefined, []);
      this.#schemes.set(repository.host, { kind: 'bearer', realm, service: bearer.parameters['service'] });
    } else if (challenges.some(({ scheme }) => scheme === 'basic')) {
      this.#schemes.set(repository.host, { kind: 'basic' });
    } else {
      throw new RegistryError(`${repository.host} asks for a login in no way that is known (Basic or Bearer)`, {
        status: 401,
        retryable: false,
      });
    }
  }

  async #refused(request: HttpRequest, repository: Repository, answer: HttpAnswer): Promise<RegistryError> {
    const login = await this.#login(repository, request.signal);
    // RFC 6750, section 3.1: the token is good, but not for this. Distribution answers so where others answer 403.
    const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
    const mayNot = challenges.some(({ parameters }) => parameters['error'] === 'insufficient_scope');
    const verdict = mayNot ? 'does not have the right' : 'was refused';
    return answerError(request.what, answer, this.#options.secrets, {
      because: login ? `the login from ${login.from} ${verdict}` : `no credentials for ${repository.host}`,
      hint: login ? undefined : `To log in, ${loginAdvice(repository)}`,
    });
  }

  #login(repository: Repository, signal: AbortSignal): Promise<Login | undefined> {
    const key = formatRepository(repository);
    const known = this.#logins.get(key);
    if (known) return known;
    const found = this.#findLogin(repository, signal);
    this.#logins.set(key, found);
    // What failed is asked again.
    found.catch(() => this.#logins.delete(key));
    return found;
  }

  async #findLogin(repository: Repository, signal: AbortSignal): Promise<Login | undefined> {
    const login = await this.#options.credentials(repository, signal);
    const { secrets } = this.#options;
    if (login?.kind === 'password') secrets.add(login.password, `${login.username}:${login.password}`);
    if (login?.kind === 'identity-token') secrets.add(login.token);
    return login;
  }
}

function covers(token: Token, scopes: readonly Scope[]): boolean {
  return scopes.every(({ path, access }) =>
    token.scopes.some((kept) => kept.path === path && bothAccesses(kept.access, access) === kept.access),
  );
}

function loginAdvice({ host }: Repository): string {
  return `give registry-username and registry-password, or log in on the runner in an earlier step (docker login ${host}).`;
}

function withAuthorization(request: HttpRequest, { value }: Sent): HttpRequest {
  return value === undefined ? request : { ...request, headers: { ...request.headers, authorization: value } };
}

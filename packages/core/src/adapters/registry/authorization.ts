import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials, Login } from './credentials.ts';
import { answerError, RegistryError } from './failure.ts';
import { apiOrigin } from './hosts.ts';
import type { Access, Token, TokenOptions, TokenService } from './token.ts';
import { basic, checkRealm, fetchToken, pauseMs } from './token.ts';
import type { HttpAnswer, HttpRequest } from './transport.ts';

export interface AuthorizationOptions extends TokenOptions {
  readonly credentials: Credentials;
  /** Asked for from the first token on: one token then does for reading and writing. */
  readonly access: Access;
}

type Scheme = { readonly kind: 'basic' } | ({ readonly kind: 'bearer' } & TokenService);

/**
 * Sends requests with the authorization that a registry asks for by its challenge (RFC 9110, section 11; Basic, or Bearer as in
 * distribution's docs/spec/auth/token). Nothing secret is sent before the registry's own host has asked; tokens are kept for their
 * repository until they run out; a token that is refused is replaced once.
 */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #schemes = new Map<string, Scheme>();
  readonly #logins = new Map<string, Login | undefined>();
  readonly #tokens = new Map<string, Token>();

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** Gives any answer but a 401, which is an error that says which login was used. */
  async send(request: HttpRequest, repository: Repository, wanted: Access): Promise<HttpAnswer> {
    const { transport, clock } = this.#options;
    const access = this.#options.access === 'pull,push' ? 'pull,push' : wanted;
    const sent = await this.#authorize(repository, access, request.signal);
    let answer = await transport(withAuthorization(request, sent));
    if (answer.status === 401 && !sent?.startsWith('Basic ')) {
      this.#learn(repository, answer);
      const fresh = await this.#authorize(repository, access, request.signal, true);
      if (fresh !== undefined) answer = await transport(withAuthorization(request, fresh));
    }
    if (answer.status === 403 && this.#schemes.get(repository.host)?.kind === 'bearer') {
      // ghcr.io denies a good token now and then.
      await clock.sleep(pauseMs, request.signal);
      const fresh = await this.#authorize(repository, access, request.signal, true);
      answer = await transport(withAuthorization(request, fresh));
    }
    if (answer.status === 401) throw await this.#refused(request, repository, answer);
    return answer;
  }

  /** What the reader can do about a refusal that no other login would have got. */
  async forbiddenHint(repository: Repository, access: Access, signal: AbortSignal): Promise<string> {
    const login = await this.#login(repository, signal);
    const right = access === 'pull' ? 'read' : 'write to';
    return login
      ? `The login from ${login.from} may not ${right} ${formatRepository(repository)}.`
      : `Nobody is logged in at ${repository.host}; ${loginAdvice(repository)}`;
  }

  /** The value of the header, from what is known of the host; undefined when nothing is. `fresh` replaces a token that is kept. */
  async #authorize(
    repository: Repository,
    access: Access,
    signal: AbortSignal,
    fresh = false,
  ): Promise<string | undefined> {
    const scheme = this.#schemes.get(repository.host);
    if (!scheme) return undefined;
    const login = await this.#login(repository, signal);
    if (scheme.kind === 'basic') return login?.kind === 'password' ? basic(login) : undefined;

    const key = formatRepository(repository);
    const kept = this.#tokens.get(key);
    const covers = kept && (kept.access === access || kept.access === 'pull,push');
    if (!fresh && covers && this.#options.clock.now().getTime() < kept.usableUntil) return `Bearer ${kept.token}`;
    const realm = checkRealm(
      scheme.realm.href,
      new URL(apiOrigin(repository.host)),
      login,
      this.#options.trustedRealmHosts,
    );
    const token = await fetchToken(
      { realm, service: scheme.service },
      repository,
      access,
      login,
      this.#options,
      signal,
    );
    this.#tokens.set(key, token);
    return `Bearer ${token.token}`;
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

  async #login(repository: Repository, signal: AbortSignal): Promise<Login | undefined> {
    const key = formatRepository(repository);
    if (!this.#logins.has(key)) {
      const login = await this.#options.credentials(repository, signal);
      const { secrets } = this.#options;
      if (login?.kind === 'password') secrets.add(login.password, `${login.username}:${login.password}`);
      if (login?.kind === 'identity-token') secrets.add(login.token);
      this.#logins.set(key, login);
    }
    return this.#logins.get(key);
  }
}

function loginAdvice({ host }: Repository): string {
  return `give registry-username and registry-password, or log in on the runner in an earlier step (docker login ${host}).`;
}

function withAuthorization(request: HttpRequest, authorization: string | undefined): HttpRequest {
  return authorization === undefined ? request : { ...request, headers: { ...request.headers, authorization } };
}

import { randomBytes } from 'node:crypto';
import type { ServerAnswer, ServerRequest } from './server-answer.ts';
import { jsonAnswer } from './server-answer.ts';

export interface RegistryUser {
  readonly password: string;
  readonly push: boolean;
  /** Taken in place of the password by OAuth2's POST. */
  readonly identityToken?: string;
}

interface DeskOptions {
  readonly users?: Readonly<Record<string, RegistryUser>>;
  readonly anonymousPull?: boolean;
  readonly tokenLifetimeS?: number;
}

/** The logins and tokens of a RegistryServer (distribution, docs/spec/auth/token and oauth). */
export class TokenDesk {
  /** The scopes of each token given out, in order. */
  readonly issued: string[] = [];
  readonly #options: DeskOptions;
  /** The actions of each token, by repository. */
  readonly #tokens = new Map<string, ReadonlyMap<string, readonly string[]>>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** All tokens given out so far are refused from now on. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  judge(
    authorization: string | undefined,
    scheme: 'basic' | 'bearer',
    path: string,
    right: 'pull' | 'push' | 'delete',
  ): 'good' | 'unknown' | 'forbidden' {
    if (scheme === 'basic') {
      const user = this.#byPassword(authorization);
      if (!user) return 'unknown';
      return right !== 'pull' && !user.push ? 'forbidden' : 'good';
    }
    const actions = this.#tokens.get(authorization?.replace(/^Bearer /, '') ?? '')?.get(path);
    if (!actions) return 'unknown';
    return actions.includes(right) ? 'good' : 'forbidden';
  }

  issue({ method, headers, body }: ServerRequest, url: URL): ServerAnswer {
    const form = method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
    const user =
      method === 'POST' ? this.#byIdentityToken(form.get('refresh_token')) : this.#byPassword(headers.authorization);
    const anonymous = !user && this.#options.anonymousPull === true && headers.authorization === undefined;
    if (!user && !anonymous)
      return jsonAnswer(401, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] });
    const scopes = form.getAll('scope').flatMap((scope) => scope.split(' '));
    const rights = new Map<string, string[]>();
    for (const scope of scopes) {
      const [, path = '', asked = ''] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
      const granted = asked.split(',').filter((action) => action === 'pull' || user?.push);
      rights.set(path, granted);
    }
    const token = randomBytes(16).toString('hex');
    this.#tokens.set(token, rights);
    this.issued.push(scopes.join(' '));
    const { tokenLifetimeS } = this.#options;
    return jsonAnswer(200, { token, ...(tokenLifetimeS !== undefined && { expires_in: tokenLifetimeS }) });
  }

  #byPassword(authorization: string | undefined): RegistryUser | undefined {
    const text = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
    const user = this.#options.users?.[text.slice(0, text.indexOf(':'))];
    return user?.password === text.slice(text.indexOf(':') + 1) ? user : undefined;
  }

  #byIdentityToken(token: string | null): RegistryUser | undefined {
    return Object.values(this.#options.users ?? {}).find(
      ({ identityToken }) => identityToken !== undefined && identityToken === token,
    );
  }
}

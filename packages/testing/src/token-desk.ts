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
  /** `scope` of each token given out, in order. */
  readonly issued: string[] = [];
  readonly #options: DeskOptions;
  readonly #tokens = new Map<string, { path: string; actions: readonly string[] }>();

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
    push: boolean,
  ): 'good' | 'unknown' | 'forbidden' {
    if (scheme === 'basic') {
      const user = this.#byPassword(authorization);
      if (!user) return 'unknown';
      return push && !user.push ? 'forbidden' : 'good';
    }
    const grant = this.#tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    if (grant?.path !== path) return 'unknown';
    return grant.actions.includes(push ? 'push' : 'pull') ? 'good' : 'forbidden';
  }

  issue({ method, headers, body }: ServerRequest, url: URL): ServerAnswer {
    const form = method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
    const user =
      method === 'POST' ? this.#byIdentityToken(form.get('refresh_token')) : this.#byPassword(headers.authorization);
    const anonymous = !user && this.#options.anonymousPull === true && headers.authorization === undefined;
    if (!user && !anonymous)
      return jsonAnswer(401, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] });
    const scope = form.get('scope') ?? '';
    const [, path = '', asked = ''] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
    const actions = asked.split(',').filter((action) => action === 'pull' || user?.push);
    const token = randomBytes(16).toString('hex');
    this.#tokens.set(token, { path, actions });
    this.issued.push(scope);
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

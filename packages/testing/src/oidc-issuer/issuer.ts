import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ServerAnswer } from '../server-answer.ts';
import { jsonAnswer, write } from '../server-answer.ts';

export interface IssuerOptions {
  readonly port: number;
  /** PEM: RSA, which signs the tokens and serves TLS as well. */
  readonly key: string;
  readonly certificate: string;
}

/** What the tokens of a job say. Fields that every token has (iss, exp, ...) are taken from here too where they are given. */
export type Claims = Readonly<Record<string, unknown>>;

interface Job {
  readonly claims: Claims;
  readonly lifetimeS: number;
}

/** As GitHub's. */
const usualLifetimeS = 300;
const longestBody = 64 * 1024;

/**
 * An issuer like GitHub's for Actions (docs.github.com, "OpenID Connect reference"), on loopback: `POST /runs` makes a job known and
 * answers with the token that it may ask with, `GET /id-token?audience=` is what ACTIONS_ID_TOKEN_REQUEST_URL names. Parameter
 * `environment` names the job's: the runner that sets the URL knows it before this server can. It trusts whoever reaches it.
 */
export class OidcIssuer implements AsyncDisposable {
  readonly #server: Server;
  readonly #key: KeyObject;
  readonly #keyId: string;
  readonly #jobs = new Map<string, Job>();

  private constructor({ key, certificate }: IssuerOptions) {
    this.#key = createPrivateKey(key);
    this.#keyId = createHash('sha256').update(certificate).digest('hex').slice(0, 16);
    this.#server = createServer({ key, cert: certificate }, (request, response) => {
      this.#answer(request).then(
        (answer) => write(answer, response),
        () => write(jsonAnswer(500, { message: 'the issuer failed' }), response),
      );
    });
  }

  static async start(options: IssuerOptions): Promise<OidcIssuer> {
    const issuer = new OidcIssuer(options);
    await new Promise<void>((resolve, reject) => {
      issuer.#server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
    });
    return issuer;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<ServerAnswer> {
    const url = new URL(request.url ?? '/', this.url);
    const what = `${request.method} ${url.pathname}`;
    if (what === 'GET /.well-known/openid-configuration') return jsonAnswer(200, this.#discovery());
    if (what === 'GET /jwks') return jsonAnswer(200, { keys: [this.#publicKey()] });
    if (what === 'POST /runs') return this.#register(await readBody(request));
    if (what === 'GET /id-token') return this.#idToken(request.headers.authorization, url.searchParams);
    return jsonAnswer(404, { message: 'no such thing' });
  }

  #discovery(): object {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  #publicKey(): object {
    return { ...createPublicKey(this.#key).export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: this.#keyId };
  }

  #register(body: string): ServerAnswer {
    const { claims, lifetimeS = usualLifetimeS } = JSON.parse(body) as { claims: Claims; lifetimeS?: number };
    const token = randomUUID();
    this.#jobs.set(token, { claims, lifetimeS });
    return jsonAnswer(201, { token });
  }

  #idToken(authorization: string | undefined, query: URLSearchParams): ServerAnswer {
    const job = this.#jobs.get(/^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
    if (!job) return jsonAnswer(401, { message: 'no job asks with this token' });
    const nowS = Math.floor(Date.now() / 1000);
    const environment = query.get('environment');
    const claims: Claims = { ...job.claims, ...(environment && { environment }) };
    const value = this.#sign({
      jti: randomUUID(),
      sub: subjectOf(claims),
      aud: query.get('audience') ?? `https://github.com/${String(claims['repository_owner'])}`,
      iss: this.url,
      nbf: nowS - 5,
      iat: nowS,
      exp: nowS + job.lifetimeS,
      ...claims,
    });
    return jsonAnswer(200, { value });
  }

  #sign(claims: Claims): string {
    const signed = [{ typ: 'JWT', alg: 'RS256', kid: this.#keyId }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#key).toString('base64url')}`;
  }
}

/** By the environment where there is one, else by the ref, as GitHub makes it unless a repository says otherwise. */
function subjectOf(claims: Claims): string {
  const { repository, environment, ref } = claims as Readonly<Record<string, string | undefined>>;
  return `repo:${repository}:${environment === undefined ? `ref:${ref}` : `environment:${environment}`}`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request as AsyncIterable<string>) {
    body += chunk;
    if (body.length > longestBody) throw new Error('the body is too long');
  }
  return body;
}

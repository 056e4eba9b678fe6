import type { ClusterTopology } from '../../domain/topology.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { ApiClient } from './api-client.ts';
import type { ApiRequest } from './api-client.ts';
import { Http1KubeConfig } from './http1-config.ts';
import type { OidcTokens } from './oidc-tokens.ts';

/** A cluster of delivery.yaml that trusts GitHub, and the tokens for it. */
export interface OidcAccess {
  readonly cluster: ClusterTopology;
  /** PEM; undefined: the authorities that the runner knows. */
  readonly authority: string | undefined;
  readonly tokens: OidcTokens;
}

/** The requests of ApiClient with GitHub's tokens. One that the cluster refuses is minted anew, once, and the request repeated. */
export class OidcApiClient extends ApiClient {
  readonly #access: OidcAccess;

  constructor(access: OidcAccess, clock: Clock) {
    super(configOf(access), access.cluster.server, clock);
    this.#access = access;
  }

  override text(request: ApiRequest, signal: AbortSignal): Promise<string> {
    return this.#twice(signal, (token) => super.text({ ...request, token }, signal));
  }

  override lines(request: ApiRequest, signal: AbortSignal, take: (line: string) => void): Promise<void> {
    return this.#twice(signal, (token) => super.lines({ ...request, token }, signal, take));
  }

  override stream<T>(
    request: ApiRequest,
    signal: AbortSignal,
    read: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    return this.#twice(signal, (token) => super.stream({ ...request, token }, signal, read));
  }

  /** What the cluster refuses is what was sent, however late: that token is dropped, and no newer one. */
  async #twice<T>(signal: AbortSignal, send: (token: string) => Promise<T>): Promise<T> {
    const { tokens } = this.#access;
    const token = await tokens.get(signal);
    try {
      return await send(token);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      tokens.drop(token);
    }
    const newer = await tokens.get(signal);
    try {
      return await send(newer);
    } catch (error) {
      throw isRefusal(error) ? this.#refused(error) : error;
    }
  }

  #refused(error: RemoteError): RemoteError {
    const { server, audience } = this.#access.cluster;
    const hint = `${new URL(server).host} does not trust this job's token (audience ${JSON.stringify(audience)}): docs/oidc.md, "401", says which claims it looks at.`;
    return new RemoteError('cluster', error.message, { status: 401, retryable: false, hint, cause: error });
  }
}

/** HTTP 401 before anything of an answer was read; within a watch it comes as something that may pass. */
function isRefusal(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.system === 'cluster' && error.status === 401 && !error.retryable;
}

function configOf({ cluster: { name, server }, authority }: OidcAccess): Http1KubeConfig {
  const caData = authority === undefined ? {} : { caData: Buffer.from(authority).toString('base64') };
  const config = new Http1KubeConfig();
  config.loadFromOptions({
    clusters: [{ name, server, skipTLSVerify: false, ...caData }],
    users: [{ name: 'github' }],
    contexts: [{ name: 'chosen', cluster: name, user: 'github' }],
    currentContext: 'chosen',
  });
  return config;
}

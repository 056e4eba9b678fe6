import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Wanted } from './authorization.ts';
import { Authorization } from './authorization.ts';
import type { Credentials } from './credentials.ts';
import { answerError, Secrets, type RegistryError } from './failure.ts';
import { apiOrigin } from './hosts.ts';
import type { Access } from './token.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';
import { createTransport } from './transport.ts';

export interface RegistryOptions {
  readonly clock: Clock;
  readonly credentials: Credentials;
  /**
   * `pull,push` for a run that will write: its first token is good for both, which saves a request. By repository where
   * the login may read one and write another. Default: `pull`.
   */
  readonly access?: Access | ((repository: Repository) => Access);
  /** Token services, `host` or `host:port`, that get a login though they are of another domain than the registry. */
  readonly trustedRealmHosts?: readonly string[];
  /** For each try of a request, its answer read in full, and for each piece of a blob that is streamed; milliseconds. */
  readonly requestTimeoutMs?: number;
}

/** What all endpoints share: sending with authorization, and what is said of a refusal. */
export interface Connection {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly requestTimeoutMs: number;
  readonly authorization: Authorization;
  /** To the registry with authorization, to any other origin without. */
  send(request: HttpRequest, wanted: Wanted): Promise<HttpAnswer>;
  /** A refusal as an error: 403 and 404 say what may be the reason. */
  refusal(what: string, answer: HttpAnswer, wanted: Wanted, signal: AbortSignal): Promise<RegistryError>;
}

export function openConnection(options: RegistryOptions): Connection {
  const { clock, requestTimeoutMs = 60_000, access = 'pull', trustedRealmHosts = [] } = options;
  const secrets = new Secrets();
  const transport: Transport = createTransport({ clock, secrets, requestTimeoutMs });
  const authorization = new Authorization({
    ...options,
    access: typeof access === 'function' ? access : () => access,
    trustedRealmHosts,
    secrets,
    transport,
  });
  return {
    clock,
    secrets,
    requestTimeoutMs,
    authorization,
    send: (request, wanted) =>
      isOwn(request.url, wanted.repository) ? authorization.send(request, wanted) : transport(request),
    async refusal(what, answer, wanted, signal) {
      const hint =
        answer.status === 403 && isOwn(answer.url, wanted.repository)
          ? await authorization.forbiddenHint(wanted, signal)
          : hintFor(answer, wanted);
      return answerError(what, answer, secrets, { hint });
    },
  };
}

/** The only origin that a repository's login and tokens are sent to. */
export function isOwn(url: URL, { host }: Repository): boolean {
  return url.origin === new URL(apiOrigin(host)).origin;
}

export function apiUrl(repository: Repository, endpoint: string): URL {
  return new URL(`${apiOrigin(repository.host)}/v2/${repository.path}/${endpoint}`);
}

function hintFor(answer: HttpAnswer, { repository, access }: Wanted): string | undefined {
  const location =
    answer.status >= 300 && answer.status < 400
      ? URL.parse(answer.headers.get('location') ?? '', answer.url.href)
      : undefined;
  if (location) return `${repository.host} sends on to ${location.host}: name the registry by its own host.`;
  if (answer.status !== 404) return undefined;
  return access === 'pull'
    ? `Is ${formatRepository(repository)} written correctly?`
    : `${formatRepository(repository)} may have to be created first, or the login may not see it.`;
}

import { oneLine } from '../../domain/printable.ts';
import { RemoteError } from '../../errors/errors.ts';

/** What was asked of the API server: what a 403 has to name. */
export interface Attempt {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  /** Plural, with its sub-resource: `deployments`, `pods/log`. */
  readonly resource: string;
  /** Left out: of the cluster itself. */
  readonly namespace?: string;
  readonly name?: string;
  /** Host and port of the API server. */
  readonly host: string;
}

/** The part of Kubernetes' Status that is read (API reference, "Status v1 meta"). */
interface Status {
  readonly message?: unknown;
}

/** An answer of the API server other than 2xx; `body` is its Status as JSON, or any text. */
export function answerError(attempt: Attempt, status: number, body: string): RemoteError {
  const said = statusMessage(body);
  return new RemoteError('cluster', `${what(attempt)}: HTTP ${status}${said === '' ? '' : `, ${said}`}`, {
    status,
    retryable: status === 429 || status >= 500 || (status === 409 && attempt.verb === 'patch'),
    hint: hintOf(attempt, status, said),
  });
}

/** An ERROR within a watch: the watch is over, whatever its code, and a list tells how things are. */
export function streamError(attempt: Attempt, status: number, body: string): RemoteError {
  const message = `${what(attempt)} ended with code ${status}: ${statusMessage(body)}`;
  return new RemoteError('cluster', message, { status, retryable: true });
}

/** A request that got no answer: the client's error is kept as `cause`, only its code is told. */
export function connectionError(attempt: Attempt, error: unknown): RemoteError {
  const code = codeOf(error);
  const known = connectionTrouble(code);
  return new RemoteError('cluster', `${what(attempt)}: ${known.message}${code === '' ? '' : ` (${code})`}`, {
    retryable: known.retryable,
    hint: `The API server is ${attempt.host}. ${known.hint}`,
    cause: error,
  });
}

function what({ verb, resource, namespace, name }: Attempt): string {
  return `${verb} ${resource}${name === undefined ? '' : ` ${name}`}${placeOf(namespace)}`;
}

function placeOf(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` in namespace ${namespace}`;
}

function hintOf({ verb, resource, namespace, host }: Attempt, status: number, said: string): string | undefined {
  switch (status) {
    case 401:
      return `The API server ${host} does not know this account: its token or certificate is wrong or has expired. Give a new kubeconfig.`;
    case 403:
      return isOfAdmission(said)
        ? undefined
        : `Grant this account the verb ${verb} on ${resource}${placeOf(namespace)} (a Role and a RoleBinding).`;
    case 404:
      return `Check the namespace, and that ${host} is the right cluster.`;
    default:
      return undefined;
  }
}

/** What plugins of admission say, and not RBAC: no right is missing then (kubernetes.io, "Admission Control in Kubernetes"). */
function isOfAdmission(message: string): boolean {
  return /exceeded quota|failed quota|denied the request|violates PodSecurity|being terminated/.test(message);
}

function statusMessage(body: string): string {
  const message = parseStatus(body)?.message;
  return typeof message === 'string' ? oneLine(message) : '';
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    // Not Kubernetes' own answer but that of something before it, such as a load balancer's page: not shown.
    return undefined;
  }
}

/** fetch wraps the error of the socket, which holds the code. */
function codeOf(error: unknown): string {
  let at = error as { readonly code?: unknown; readonly cause?: unknown } | null | undefined;
  for (let depth = 0; typeof at === 'object' && at !== null && depth < 5; depth += 1) {
    if (typeof at.code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(at.code)) return at.code;
    at = at.cause as typeof at;
  }
  return '';
}

interface Trouble {
  readonly message: string;
  readonly retryable: boolean;
  readonly hint: string;
}

function connectionTrouble(code: string): Trouble {
  if (code === 'ECONNREFUSED')
    return { message: 'connection refused', retryable: true, hint: 'Is it running, and is host and port right?' };
  if (code === 'ENOTFOUND')
    return { message: 'the host is not known', retryable: false, hint: 'Check the name, and the DNS of the runner.' };
  if (code.startsWith('CERT_') || code.startsWith('ERR_TLS_') || tlsCodes.has(code))
    return {
      message: 'its certificate is not trusted',
      retryable: false,
      hint: 'The authority that signed it has to stand in the kubeconfig (certificate-authority-data), or with oidc in delivery.yaml (certificateAuthority).',
    };
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_'))
    return {
      message: 'TLS failed',
      retryable: false,
      hint: 'Is there an API server at this port, and is the client certificate right?',
    };
  if (code.includes('TIMEOUT') || code === 'ETIMEDOUT')
    return { message: 'no answer in time', retryable: true, hint: 'Can the runner reach it (firewall, VPN)?' };
  return { message: 'the connection was lost', retryable: true, hint: 'The request may be repeated.' };
}

const tlsCodes = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'HOSTNAME_MISMATCH',
]);

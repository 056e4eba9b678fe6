import { RegistryError } from './failure.ts';

/** A try that came to no answer, or to half of one. */
export function lost(what: string, reason: string, cause?: unknown): RegistryError {
  return new RegistryError(`${what} failed: ${reason}`, { retryable: true, cause });
}

/** Node's codes are the only part of a client's error that is shown: its texts may hold addresses and headers. */
export function connectionError(what: string, url: URL, error: unknown): RegistryError {
  const thrown = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const given = thrown.cause?.code ?? thrown.code;
  const code = typeof given === 'string' ? given : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ERR_TLS/.test(code)) {
    return new RegistryError(`${what} failed: the certificate of ${url.host} is not trusted (${code})`, {
      retryable: false,
      hint: 'When it is signed by an authority of your own, name its certificate file in NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
  if (code === 'ENOTFOUND') {
    const hint = 'Is the name of the registry written correctly?';
    return new RegistryError(`${what} failed: there is no host ${url.hostname}`, {
      retryable: false,
      hint,
      cause: error,
    });
  }
  return lost(what, `the connection to ${url.host} failed${/^\w+$/.test(code) ? ` (${code})` : ''}`, error);
}

/** What `promise` gives, unless it takes longer than `ms`; it is not stopped then. */
export async function within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

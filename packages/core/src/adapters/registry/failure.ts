import { oneLine } from '../../domain/printable.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { HttpAnswer } from './transport.ts';

/** A registry refused or failed. */
export class RegistryError extends RemoteError {
  constructor(message: string, options: ConstructorParameters<typeof RemoteError>[2]) {
    super('registry', message, options);
  }
}

/** Passwords and tokens of the connection: taken out of everything that a registry says before it is shown. */
export class Secrets {
  readonly #known = new Set<string>();

  add(...secrets: readonly string[]): void {
    for (const secret of secrets) {
      for (const form of [
        secret,
        new URLSearchParams({ s: secret }).toString().slice('s='.length),
        Buffer.from(secret).toString('base64'),
      ]) {
        if (form !== '') this.#known.add(form);
      }
    }
  }

  remove(text: string): string {
    let clean = text;
    for (const secret of [...this.#known].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, '***');
    return clean;
  }
}

/** A failed request as an error: what was tried, the status, and the registry's own words on one line. */
export function answerError(
  what: string,
  answer: HttpAnswer,
  secrets: Secrets,
  more: { retryable?: boolean; hint?: string | undefined; retryAfterMs?: number | undefined; because?: string } = {},
): RegistryError {
  const words = (readErrors(answer) ?? [])
    .slice(0, 3)
    .map(({ code, message }) => [code, message].filter(Boolean).join(': '));
  const said = words.length > 0 ? ` (${oneLine(secrets.remove(words.join('; ')))})` : '';
  const because = more.because === undefined ? '' : `: ${more.because}`;
  return new RegistryError(`${what} failed: ${answer.url.host} answered ${answer.status}${said}${because}`, {
    status: answer.status,
    retryable: more.retryable ?? false,
    hint: more.hint,
    retryAfterMs: more.retryAfterMs,
  });
}

/** The `errors` of a registry's answer (distribution spec 1.1, "Error Codes"); undefined when the answer is no such document. */
export function readErrors(answer: HttpAnswer): readonly { code: string; message: string }[] | undefined {
  try {
    const document = JSON.parse(new TextDecoder().decode(answer.bytes)) as unknown;
    const errors = (document as { errors?: unknown } | null)?.errors;
    if (!Array.isArray(errors)) return undefined;
    return errors.map((entry: unknown) => {
      const { code, message } = (entry ?? {}) as Record<string, unknown>;
      return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
    });
  } catch {
    return undefined;
  }
}

/**
 * True for a 404 of the registry itself: an error document, or no body. The 404 page of a proxy in front of it says nothing
 * about what the registry holds, and must not pass for "there is no such tag".
 */
export function isNotFound(answer: HttpAnswer): boolean {
  return answer.status === 404 && (answer.bytes.length === 0 || readErrors(answer) !== undefined);
}

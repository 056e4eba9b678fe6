import { orAborted } from '../../action/or-aborted.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { formsOf } from './secrets.ts';

/** Asks GitHub for a token. Throws RemoteError. */
export type Mint = () => Promise<string>;

/** A token is not used any more when it has so little left: a request may be on its way for some time. */
const restMs = 60_000;

/**
 * The tokens of GitHub for one cluster (docs/oidc.md). GitHub's last five minutes: each is kept until shortly before its end, and the
 * next request has a new one minted, so that a run may take hours.
 */
export class OidcTokens {
  readonly #mint: Mint;
  readonly #clock: Clock;
  readonly #mask: (secret: string) => void;
  #kept: { readonly token: string; readonly untilMs: number } | undefined;
  #minting: Promise<string> | undefined;

  constructor(mint: Mint, { clock, mask }: { readonly clock: Clock; readonly mask: (secret: string) => void }) {
    this.#mint = mint;
    this.#clock = clock;
    this.#mask = mask;
  }

  /** A token that is good for a while. Whoever asks while one is being minted gets that one. */
  async get(signal: AbortSignal): Promise<string> {
    if (this.#kept && this.#clock.now().getTime() < this.#kept.untilMs) return this.#kept.token;
    this.#minting ??= this.#mintAnew().finally(() => (this.#minting = undefined));
    return orAborted(this.#minting, signal);
  }

  /** The cluster has refused this token: it is given to nobody any more. */
  drop(token: string): void {
    if (this.#kept?.token === token) this.#kept = undefined;
  }

  async #mintAnew(): Promise<string> {
    const token = await this.#mint();
    for (const form of formsOf(token)) this.#mask(form);
    const untilMs = endOf(token) - restMs;
    this.#kept = { token, untilMs };
    return token;
  }
}

/** When a token ends (RFC 7519, section 4.1.4), in milliseconds. Whether it is genuine is for the cluster to say. */
function endOf(token: string): number {
  const [, payload = '', signature] = token.split('.');
  const exp = signature === undefined ? undefined : expOf(Buffer.from(payload, 'base64url').toString('utf8'));
  if (exp !== undefined) return exp * 1000;
  throw new RemoteError('github', 'GitHub gave an OIDC token that is no JWT with an end (exp)', { retryable: false });
}

function expOf(json: string): number | undefined {
  try {
    const { exp } = JSON.parse(json) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp : undefined;
  } catch {
    return undefined;
  }
}

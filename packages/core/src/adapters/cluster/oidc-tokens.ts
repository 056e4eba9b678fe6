import { orAborted } from '../../ports/or-aborted.ts';
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
    const mintedMs = this.#clock.now().getTime();
    const token = await this.#mint();
    for (const form of formsOf(token)) this.#mask(form);
    this.#kept = { token, untilMs: mintedMs + lifetimeMs(token, mintedMs) - restMs };
    return token;
  }
}

/**
 * How long a token lasts (RFC 7519, section 4.1): by its own times, since the runner's clock may be minutes off GitHub's. Not from nbf,
 * which GitHub sets to some minutes before. Whether it is genuine is for the cluster to say.
 */
function lifetimeMs(token: string, mintedMs: number): number {
  const [, payload = '', signature] = token.split('.');
  const claims = signature === undefined ? {} : claimsOf(Buffer.from(payload, 'base64url').toString('utf8'));
  const exp = secondsOf(claims.exp);
  if (exp !== undefined) return exp * 1000 - (secondsOf(claims.iat) ?? mintedMs / 1000) * 1000;
  throw new RemoteError('github', 'GitHub gave an OIDC token that is no JWT with an end (exp)', { retryable: false });
}

function claimsOf(json: string): { readonly exp?: unknown; readonly iat?: unknown } {
  try {
    return (JSON.parse(json) ?? {}) as object;
  } catch {
    return {};
  }
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

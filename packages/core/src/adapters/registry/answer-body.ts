import type { IncomingMessage } from 'node:http';
import { connectionError, lost } from './lost-connection.ts';

export interface BodyLimits {
  readonly url: URL;
  readonly what: string;
  readonly signal: AbortSignal;
  /** Without a byte. */
  readonly idleMs: number;
  /** Waiting for bytes in all. */
  readonly streamMs: number;
}

/** How long the end of a body is waited for, when all that counts has been read. */
const finishMs = 1_000;

/** The body of an answer, a piece at a time as the caller takes it. Throws RegistryError when it is cut, stalls or drips. */
export class AnswerBody {
  readonly #response: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #pieces: Uint8Array[] = [];
  #isEnded = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  #waitedMs = 0;

  constructor(response: IncomingMessage, limits: BodyLimits) {
    this.#response = response;
    this.#limits = limits;
    response.on('data', (piece: Uint8Array) => {
      this.#pieces.push(piece);
      response.pause();
      this.#wake();
    });
    response.on('end', () => this.#end());
    response.on('error', (error) => this.#end(error));
    response.on('close', () => this.#end());
    response.pause();
  }

  /** Undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const { url, what, signal } = this.#limits;
    while (this.#pieces.length === 0 && !this.#isEnded) await this.#woken();
    const piece = this.#pieces.shift();
    if (piece) return piece;
    signal.throwIfAborted();
    if (this.#failure) throw connectionError(what, url, this.#failure);
    if (!this.#response.complete) throw lost(what, `the connection to ${url.host} was cut`);
    return undefined;
  }

  /** As `close`, when all that counts has been read: the end of the body is still taken, so that the connection can be used again. */
  finish(): void {
    const timer = setTimeout(() => this.close(), finishMs);
    this.#response.on('close', () => clearTimeout(timer));
    this.#response.resume();
  }

  /** Gives up the rest. */
  close(): void {
    this.#response.destroy();
  }

  async #woken(): Promise<void> {
    const { url, what, idleMs, streamMs } = this.#limits;
    const leftMs = streamMs - this.#waitedMs;
    const why =
      idleMs < leftMs ? `sent nothing for ${idleMs / 1000} s` : `did not send it in full within ${streamMs / 1000} s`;
    const started = performance.now();
    await new Promise<void>((resolve) => {
      const late = () => this.#end(lost(what, `${url.host} ${why}`));
      const timer = setTimeout(late, Math.min(idleMs, leftMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#response.resume();
    });
    this.#waitedMs += performance.now() - started;
  }

  #end(failure?: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#failure = failure;
    if (failure) this.close();
    this.#wake();
  }
}

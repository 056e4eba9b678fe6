import { createHash } from 'node:crypto';
import type { Digest } from '../../domain/digest.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import { damaged } from './damage.ts';
import { RegistryError } from './failure.ts';
import { release } from './garbage.ts';
import { lost } from './lost-connection.ts';
import { Replay } from './replay.ts';
import type { Patience } from './retry.ts';
import type { Pieces } from './exchange.ts';

/** A blob that is uploaded: it can be gone back in. */
export interface BlobSource extends Pieces {
  /** The next piece begins at this byte. */
  seek(offset: number): void;
  close(): void;
}

/** A blob as a registry sends it, from byte `start` on. */
export interface OpenedBlob {
  readonly start: number;
  next(): Promise<Uint8Array | undefined>;
  /** Leaves the connection to the next request: all that was wanted has come. */
  finish(): void;
  /** Gives up what has not come. */
  close(): void;
}

export interface RemoteBlobOptions {
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly what: string;
  readonly patience: Patience;
  /** From byte `offset` on where the registry can do that, else from the first. */
  readonly open: (offset: number) => Promise<OpenedBlob>;
}

/** More than what lies in the buffers of a connection that breaks. */
const replayBytes = 4 * 1024 * 1024;

/**
 * Reads a blob of known size and digest a piece at a time. A download that is cut goes on where it was; never more bytes are taken or given
 * than the blob has (throws RegistryError else); its last piece is only given when all of it had the right digest (throws Damage else).
 */
export class RemoteBlob implements BlobSource {
  readonly #options: RemoteBlobOptions;
  readonly #hash = createHash('sha256');
  /** Holds what has been hashed: all up to its end. */
  readonly #seen: Replay;
  #opened: OpenedBlob | undefined;
  /** Where the next piece of `#opened` begins. */
  #readAt = 0;
  /** Where the next piece that is given begins. */
  #at = 0;
  #isVerified = false;

  constructor(options: RemoteBlobOptions) {
    this.#options = options;
    this.#seen = new Replay(Math.min(options.blob.size, replayBytes));
  }

  seek(offset: number): void {
    this.#at = offset;
  }

  close(): void {
    if (this.#readAt === this.#options.blob.size) this.#opened?.finish();
    else this.#opened?.close();
    this.#opened = undefined;
  }

  /** Asks for the blob now and not with its first piece, so that one that is missing is found before anything is written. */
  async open(): Promise<void> {
    this.#opened ??= await this.#open();
  }

  async next(): Promise<Uint8Array | undefined> {
    const { size } = this.#options.blob;
    for (;;) {
      if (size === 0) this.#verify();
      if (this.#at >= size) return undefined;
      const piece = this.#seen.has(this.#at) ? this.#seen.from(this.#at) : await this.#read();
      if (piece.length === 0) continue;
      this.#pass(piece.length);
      return piece;
    }
  }

  #pass(bytes: number): void {
    const { what, blob } = this.#options;
    const at = this.#at + bytes;
    if (!(at <= blob.size)) throw this.#tooLong();
    if (at === blob.size && !this.#isVerified) {
      throw new RegistryError(`${what} failed: its end came before its digest was known`, { retryable: false });
    }
    this.#at = at;
  }

  /** Reads one piece into `#seen`; gives what lies behind `#at` of one that was seen before, and is not kept any more. */
  async #read(): Promise<Uint8Array> {
    const { patience } = this.#options;
    // After a step back that is longer than what is kept.
    if (this.#opened && this.#readAt > this.#at) this.close();
    this.#opened ??= await this.#open();
    let piece: Uint8Array;
    try {
      piece = await this.#fromBody(this.#opened);
    } catch (error) {
      this.close();
      await patience.after(error);
      return new Uint8Array();
    }
    const start = this.#readAt;
    this.#readAt += piece.length;
    if (this.#readAt <= this.#seen.end) return piece.subarray(Math.max(0, this.#at - start));
    this.#take(piece.subarray(Math.max(0, this.#seen.end - start)));
    // What is given is the copy that is kept.
    release(piece);
    return new Uint8Array();
  }

  async #open(): Promise<OpenedBlob> {
    const opened = await this.#options.open(this.#at);
    if (!Number.isSafeInteger(opened.start) || opened.start < 0 || opened.start > this.#at) {
      opened.close();
      throw new RegistryError(
        `${this.#options.what} failed: it comes from byte ${opened.start} in place of byte ${this.#at}`,
        { retryable: false },
      );
    }
    this.#readAt = opened.start;
    return opened;
  }

  async #fromBody(body: OpenedBlob): Promise<Uint8Array> {
    const { what, blob } = this.#options;
    const piece = await body.next();
    if (!piece) throw lost(what, `it ended after ${this.#readAt} of ${blob.size} bytes`);
    if (!(this.#readAt + piece.length <= blob.size)) throw this.#tooLong();
    return piece;
  }

  #tooLong(): RegistryError {
    const { what, blob } = this.#options;
    return new RegistryError(`${what} failed: it is longer than the ${blob.size} bytes that its manifest says`, {
      retryable: false,
    });
  }

  #take(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#seen.add(bytes);
    if (this.#seen.end === this.#options.blob.size) this.#verify();
  }

  #verify(): void {
    if (this.#isVerified) return;
    this.#isVerified = true;
    const found: Digest = `sha256:${this.#hash.digest('hex')}`;
    if (found !== this.#options.blob.digest) throw damaged(found, this.#options.blob.digest);
  }
}

/** Bytes that are in memory. */
export class BytesBlob implements BlobSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  seek(offset: number): void {
    this.#at = offset;
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#at >= this.#bytes.length) return undefined;
    const piece = this.#bytes.subarray(this.#at);
    this.#at = this.#bytes.length;
    return piece;
  }

  close(): void {
    this.#at = this.#bytes.length;
  }
}

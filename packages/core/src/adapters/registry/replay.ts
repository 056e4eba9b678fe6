/** The last bytes of a stream, in memory that does not grow: what was sent and got lost need not be fetched again. */
export class Replay {
  readonly #ring: Buffer;
  #end = 0;

  constructor(capacity: number) {
    this.#ring = Buffer.allocUnsafe(capacity);
  }

  /** Of all bytes that were added, counted from 0. */
  get end(): number {
    return this.#end;
  }

  add(bytes: Uint8Array): void {
    const { length } = this.#ring;
    // Of a piece larger than the ring, only the end can stay.
    const skipped = Math.max(0, bytes.length - length);
    let at = (this.#end + skipped) % Math.max(1, length);
    let rest = bytes.subarray(skipped);
    while (rest.length > 0) {
      const part = rest.subarray(0, length - at);
      this.#ring.set(part, at);
      rest = rest.subarray(part.length);
      at = 0;
    }
    this.#end += bytes.length;
  }

  has(offset: number): boolean {
    return offset < this.#end && offset >= this.#end - this.#ring.length;
  }

  /** Some bytes from `offset` on, at least one, not copied: good until as many more are added as are kept. `has(offset)` is true. */
  from(offset: number): Uint8Array {
    const at = offset % this.#ring.length;
    return this.#ring.subarray(at, at + Math.min(maxPiece, this.#end - offset, this.#ring.length - at));
  }
}

const maxPiece = 64 * 1024;

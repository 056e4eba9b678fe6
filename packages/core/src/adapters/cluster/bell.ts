/** Wakes the one who makes the views; what rings while nobody waits is not lost. */
export class Bell {
  #ringing = false;
  #wake = () => {};
  #failure: { readonly error: unknown } | undefined;

  ring(): void {
    this.#ringing = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.ring();
  }

  async rung(): Promise<void> {
    if (this.#ringing) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Silences the bell; throws what has failed. */
  check(): void {
    this.#ringing = false;
    if (this.#failure) throw this.#failure.error;
  }
}

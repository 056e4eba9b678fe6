/** Waits for an answer that may never come: rejects with the signal's reason when that is aborted first, or was before. */
export async function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody may be waiting for it any more when it fails.
  answer.catch(() => undefined);
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

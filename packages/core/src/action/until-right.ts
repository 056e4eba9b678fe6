import type { Clock } from '../ports/clock.ts';

const intervalMs = 1_000;

/** Asks every second until nothing is wrong any more or `withinMs` are over. Gives what is wrong then, as a sentence. */
export async function untilRight(
  ask: () => Promise<string | undefined>,
  withinMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = clock.now().getTime() + withinMs;
  for (;;) {
    const wrong = await ask();
    if (wrong === undefined || clock.now().getTime() + intervalMs > end) return wrong;
    await clock.sleep(intervalMs, signal);
  }
}

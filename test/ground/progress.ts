const start = performance.now();
const quietMs = 10_000;

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Prints a line with its seconds when the work is done; while it goes on, the latest note every 10 s. */
export async function step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T> {
  const began = performance.now();
  let latest = '';
  const ticker = setInterval(() => {
    console.log(`  ... ${name}: ${seconds(began)}${latest && `, ${latest}`}`);
  }, quietMs);
  try {
    const result = await work((text) => (latest = text.slice(0, 120)));
    console.log(`  ${name.padEnd(36)} ${seconds(began).padStart(8)}`);
    return result;
  } catch (error) {
    console.log(`  ${name.padEnd(36)} failed after ${seconds(began)}`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** Seconds since the program began. */
export function elapsed(): string {
  return seconds(start);
}

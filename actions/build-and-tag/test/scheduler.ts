import type { Registry } from '@delivery/core/ports/registry';

/** Holds a run at each of its steps until the scheduler lets it go on. */
export type Gate = () => Promise<void>;

/** Chooses who goes next among the runs that wait, by index. */
export type Choose = (waiting: readonly number[]) => number;

/**
 * Plays runs side by side, one step at a time, in the order that `choose` makes: between two steps of one run any number of
 * steps of the others may lie. Nothing depends on time.
 */
export async function interleave(runs: readonly ((gate: Gate) => Promise<void>)[], choose: Choose): Promise<void> {
  const waiting = new Map<number, () => void>();
  const failures: unknown[] = [];
  // Resolved when the run that was let go waits again or has ended.
  let rest: () => void = () => undefined;
  const start = (index: number, run: (gate: Gate) => Promise<void>) =>
    new Promise<void>((resolve) => {
      rest = resolve;
      const gate: Gate = () =>
        new Promise((goOn) => {
          waiting.set(index, goOn);
          rest();
        });
      void run(gate)
        .catch((error: unknown) => failures.push(error))
        .finally(() => rest());
    });
  for (const [index, run] of runs.entries()) await start(index, run);
  while (waiting.size > 0) {
    const index = choose([...waiting.keys()].sort((a, b) => a - b));
    const goOn = waiting.get(index)!;
    waiting.delete(index);
    await new Promise<void>((resolve) => {
      rest = resolve;
      goOn();
    });
  }
  if (failures.length > 0) throw failures[0];
}

/** The registry with a gate before each request that `matters` (others can be moved past anybody's step). */
export function gated(
  registry: Registry,
  gate: Gate,
  matters: (method: keyof Registry, reference: string) => boolean,
): Registry {
  const pass = async (method: keyof Registry, reference: string) => {
    if (matters(method, reference)) await gate();
  };
  return {
    async readManifest(repository, reference, signal) {
      await pass('readManifest', reference);
      return registry.readManifest(repository, reference, signal);
    },
    async readBlob(repository, digest, maxBytes, signal) {
      await pass('readBlob', digest);
      return registry.readBlob(repository, digest, maxBytes, signal);
    },
    async writeManifest(repository, tag, manifest, signal) {
      await pass('writeManifest', tag);
      return registry.writeManifest(repository, tag, manifest, signal);
    },
    async listTags(repository, signal) {
      await pass('listTags', '');
      return registry.listTags(repository, signal);
    },
    listReferrers: (...given) => registry.listReferrers(...given),
    writeBlob: (...given) => registry.writeBlob(...given),
    copyBlob: (...given) => registry.copyBlob(...given),
    remove: (...given) => registry.remove(...given),
  };
}

/** Every order of steps, one after the other: plays `play` until no choice is left untried. Gives how many there were. */
export async function everyOrder(play: (choose: Choose) => Promise<void>): Promise<number> {
  let prefix: number[] = [];
  for (let orders = 1; ; orders++) {
    const taken: { picked: number; of: number }[] = [];
    await play((waiting) => {
      const picked = prefix[taken.length] ?? 0;
      taken.push({ picked, of: waiting.length });
      return waiting[picked]!;
    });
    const last = taken.findLastIndex(({ picked, of }) => picked + 1 < of);
    if (last < 0) return orders;
    prefix = [...taken.slice(0, last).map(({ picked }) => picked), taken[last]!.picked + 1];
  }
}

/** A generator of numbers below `limit` that gives the same ones for the same seed (xorshift32, Marsaglia 2003). */
export function seeded(seed: number): (limit: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeStep } from '@delivery/testing/fake-step';
import { moveLatest } from '../src/move-latest.ts';
import { commitA, commitB, FakeBuilder, repository, runAction, seedBuild } from './fakes.ts';
import type { Gate } from './scheduler.ts';
import { everyOrder, gated, interleave, seeded } from './scheduler.ts';

const never = new AbortController().signal;
const commitOf = (number: number) => number.toString(16).padStart(40, 'c');

describe('two runs that move latest', () => {
  // Builds, once pushed, do not change: reading them gives the same at any time, so only these requests need an order.
  const matters = (method: string, reference: string) =>
    method !== 'readBlob' && (reference === '' || reference === 'latest');

  it('leave it at the newer build in every order of their steps', async () => {
    const moved = { back: 0 };
    const orders = await everyOrder(async (choose) => {
      const registry = new FakeRegistry();
      seedBuild(registry, 266, commitB, ['latest']);
      const mover = (number: number) => async (gate: Gate) => {
        await gate();
        seedBuild(registry, number, commitA);
        await moveLatest(number, repository, gated(registry, gate, matters), never);
      };
      let newest = false;
      registry.onCall = () => {
        const now = registry.digestOf(repository, 'latest');
        if (newest && now !== registry.digestOf(repository, 'latest-268')) moved.back++;
        newest = now !== undefined && now === registry.digestOf(repository, 'latest-268');
      };
      await interleave([mover(267), mover(268)], choose);
      expect(registry.digestOf(repository, 'latest')).toBe(registry.digestOf(repository, 'latest-268'));
    });
    expect(orders).toBeGreaterThan(900);
    // The orders include those in which an overtaken run writes too late, which is what has to be put right.
    expect(moved.back).toBeGreaterThan(0);
  });
});

describe('runs of the whole action side by side', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'end with latest at the newest build, order %i',
    async (seed) => {
      const random = seeded(seed);
      const registry = new FakeRegistry();
      const numbers = [266, 267, 268];
      const runs = numbers.map((number) => async (gate: Gate) => {
        const builder = new FakeBuilder(registry);
        builder.whileBuilding = gate;
        const scene = { registry, builder, step: new FakeStep(), seenRegistry: gated(registry, gate, () => true) };
        const { outputs } = await runAction(scene, {}, { runNumber: number, sha: commitOf(number) });
        expect(outputs.digest).toBe(registry.digestOf(repository, `latest-${number}`));
      });
      await interleave(runs, (waiting) => waiting[random(waiting.length)]!);
      expect(registry.digestOf(repository, 'latest')).toBe(registry.digestOf(repository, 'latest-268'));
      expect(await registry.listTags(repository, never)).toEqual(['latest', 'latest-266', 'latest-267', 'latest-268']);
    },
  );

  it('end right when the older build ends last', async () => {
    const registry = new FakeRegistry();
    const older = { registry, builder: new FakeBuilder(registry), step: new FakeStep() };
    const newer = { registry, builder: new FakeBuilder(registry), step: new FakeStep() };
    older.builder.whileBuilding = async () => void (await runAction(newer, {}, { runNumber: 268, sha: commitOf(268) }));
    const { outputs } = await runAction(older, {}, { runNumber: 267, sha: commitOf(267) });
    expect(outputs).toMatchObject({ 'moved-latest': false, tags: ['latest-267'] });
    expect(registry.digestOf(repository, 'latest')).toBe(registry.digestOf(repository, 'latest-268'));
  });

  it('go on after a run was stopped before any of its requests', async () => {
    let stoppedRuns = 0;
    for (let stopAt = 1; ; stopAt++) {
      const registry = new FakeRegistry();
      seedBuild(registry, 267, commitB, ['latest']);
      const builder = new FakeBuilder(registry);
      const step = new FakeStep();
      let requests = 0;
      registry.onCall = () => {
        if (++requests === stopAt) step.cancel.abort(new Error('stopped'));
        if (step.cancelled.aborted) throw new Error('stopped');
      };
      const stopped = await runAction({ registry, builder, step }).then(
        () => false,
        () => true,
      );
      registry.onCall = () => undefined;
      await runAction({ registry, builder, step: new FakeStep() }, {}, { runAttempt: 2 });
      expect(builder.pushed).toEqual(['latest-268']);
      expect(registry.digestOf(repository, 'latest')).toBe(registry.digestOf(repository, 'latest-268'));
      if (!stopped) break;
      stoppedRuns++;
    }
    expect(stoppedRuns).toBeGreaterThan(8);
  });
});

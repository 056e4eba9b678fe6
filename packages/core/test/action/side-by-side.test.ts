import { sideBySide } from '@delivery/core/action/side-by-side';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

it('does no more at once than it may, and gives the results in order', async () => {
  let now = 0;
  let most = 0;
  const results = await sideBySide([5, 1, 4, 2, 3, 0], 2, async (ticks) => {
    most = Math.max(most, ++now);
    for (let at = 0; at < ticks; at++) await tick();
    now--;
    return ticks * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30, 0]);
  expect(most).toBe(2);
});

it('begins nothing more after a failure, waits for what is under way, and throws the failure', async () => {
  const begun: number[] = [];
  let ended = false;
  const all = sideBySide([0, 1, 2, 3], 2, async (at) => {
    begun.push(at);
    if (at === 0) throw new Error('broken');
    await tick();
    ended = true;
  });
  await expect(all).rejects.toThrow('broken');
  expect(begun).toEqual([0, 1]);
  expect(ended).toBe(true);
});

it('has nothing to do for no items', async () => {
  expect(await sideBySide([], 4, async () => 1)).toEqual([]);
});

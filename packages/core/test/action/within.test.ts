import { within } from '@delivery/core/action/within';
import { FakeClock } from '@delivery/testing/fake-clock';

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a time for something', () => {
  it('gives what came in time, and leaves no timer behind', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    expect(await within(1_000, { clock, signal }, async () => 'done', 'late')).toBe('done');
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });

  it('stops what takes longer', async () => {
    const clock = new FakeClock();
    const running = within(1_000, { clock, signal: new AbortController().signal }, untilAborted, 'late');
    await clock.advance(1_000);
    expect(await running).toBe('late');
  });

  it('passes on what is thrown, and a cancel with its reason', async () => {
    const clock = new FakeClock();
    const cancel = new AbortController();
    const failing = within(1_000, { clock, signal: cancel.signal }, () => Promise.reject(new Error('no')), 'late');
    await expect(failing).rejects.toThrow('no');
    const running = within(1_000, { clock, signal: cancel.signal }, untilAborted, 'late');
    cancel.abort(new Error('cancelled'));
    await expect(running).rejects.toThrow('cancelled');
  });
});

import { ask } from '@delivery/core/action/ask';
import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeLog } from '@delivery/testing/fake-step';

const away = new RemoteError('github', 'GitHub is away', { status: 503, retryable: true });
const limited = (retryAfterMs: number) =>
  new RemoteError('github', 'too much', { status: 429, retryable: true, retryAfterMs, hint: 'Wait.' });
const denied = new RemoteError('github', 'no', { status: 403, retryable: false });

const silence = Symbol('silence');
type Answer = string | undefined | RemoteError | typeof silence;

/** Asks for at most a minute; gives the end, and the seconds at which it was asked. */
async function asking(...answers: readonly [Answer, ...Answer[]]) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const cancel = new AbortController();
  const begun = clock.now().getTime();
  const asked: number[] = [];
  const question = (signal: AbortSignal): Promise<string | undefined> => {
    asked.push((clock.now().getTime() - begun) / 1000);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof RemoteError) return Promise.reject(answer);
    if (answer !== silence) return Promise.resolve(answer);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  };
  const running = ask(question, new Date(begun + 60_000), { clock, log, signal: cancel.signal });
  const end = running.catch((error: unknown) => error);
  await clock.advance(0);
  return { clock, cancel, asked, log, end };
}

describe('a question that is asked until there is an answer', () => {
  it('is asked once when it is answered', async () => {
    const { asked, end } = await asking('yes');
    expect([await end, asked]).toEqual(['yes', [0]]);
  });

  it('is asked ever more seldom, and a last time when the time is over', async () => {
    const { clock, asked, end } = await asking(undefined);
    await clock.advance(60_000);
    expect(await end).toBeUndefined();
    expect(asked).toEqual([0, 2, 5, 9.5, 16.25, 26.375, 41.375, 56.375, 60]);
  });

  it('is asked again after what may pass, which the log tells', async () => {
    const { clock, asked, log, end } = await asking(away, 'yes');
    await clock.advance(60_000);
    expect([await end, asked, log.of('info')]).toEqual(['yes', [0, 2], ['GitHub is away; it is asked again.']]);
  });

  it('is not asked again after what does not pass', async () => {
    const { asked, end } = await asking(denied, 'yes');
    expect([await end, asked]).toEqual([denied, [0]]);
  });

  it('ends with the error when the last one could not be asked', async () => {
    const { clock, end } = await asking(undefined, away);
    await clock.advance(60_000);
    expect(await end).toBe(away);
  });

  it('is asked again when no answer comes within 20 s, and not for much longer than there is time', async () => {
    const { clock, asked, end } = await asking(silence);
    await clock.advance(65_000);
    expect(await end).toBeUndefined();
    expect(asked).toEqual([0, 22, 45]);
  });

  it.each([
    [1_000, 2],
    [17_000, 17],
    [60_000, 60],
  ])('is not asked before a rate limit of %i ms is over: after %i s', async (ms, seconds) => {
    const { clock, asked, end } = await asking(limited(ms), 'yes');
    await clock.advance(60_000);
    expect([await end, asked]).toEqual(['yes', [0, seconds]]);
  });

  it('is given up at once when a rate limit lasts longer than there is time', async () => {
    const { asked, end } = await asking(limited(60_001), 'yes');
    const message = 'too much; it may be asked again after 61 s, which is longer than is waited here';
    expect(await end).toMatchObject({ message, status: 429, hint: 'Wait.', retryAfterMs: 60_001 });
    expect(asked).toEqual([0]);
  });

  it('ends at once when it is cancelled', async () => {
    const { clock, cancel, end } = await asking(undefined);
    const cancelled = new CancelledError('the run');
    cancel.abort(cancelled);
    expect([await end, clock.sleeping]).toEqual([cancelled, 0]);
  });
});

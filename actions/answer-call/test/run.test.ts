import { runAction } from '@delivery/core/action/runtime';
import { RemoteError } from '@delivery/core/errors/errors';
import type { CommitStatus } from '@delivery/core/ports/github';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { FakeStep, someRun } from '@delivery/testing/fake-step';
import type { Inputs } from '../src/inputs.ts';
import { check, inputs, outputs } from '../src/inputs.ts';
import { run } from '../src/run.ts';

async function answer(given: Record<string, string>, gitHub = new FakeGitHub()) {
  const step = new FakeStep({ 'github-token': 'ghs_x', ...given });
  const action = { name: 'answer-call', inputs, outputs, check };
  const running = runAction(
    { ...action, run: (values, context) => run(values, () => open(gitHub, values), context) },
    step,
  );
  let exitCode: number | undefined;
  void running.then((code) => (exitCode = code));
  const hasEnded = () => exitCode !== undefined;
  for (let passed = 0; !hasEnded() && passed <= 10 * 60_000; passed += 500) await step.clock.advance(500);
  return { step, exitCode, statuses: gitHub.statuses };
}

/** The client takes no empty token. */
function open(gitHub: FakeGitHub, { 'github-token': token }: Inputs): FakeGitHub {
  if (token === '') throw new Error('no token');
  return gitHub;
}

/** Fails so many times, then does what it is told. */
class FailingGitHub extends FakeGitHub {
  asked = 0;
  readonly #times: number;
  readonly #error: RemoteError | 'silence';

  constructor(times: number, error: RemoteError | 'silence') {
    super();
    this.#times = times;
    this.#error = error;
  }

  override async createStatus(status: CommitStatus, signal: AbortSignal): Promise<void> {
    this.asked += 1;
    if (this.asked > this.#times) return super.createStatus(status, signal);
    if (this.#error !== 'silence') throw this.#error;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }
}

const away = new RemoteError('github', 'GitHub answered 502', { status: 502, retryable: true });
const denied = new RemoteError('github', 'not accessible', {
  status: 403,
  retryable: false,
  hint: 'Add a permission.',
});

const hopeless = [
  ['GitHub stays away', away, 'GitHub answered 502'],
  ['GitHub never answers', 'silence' as const, 'did not answer'],
  ['the token may not do it', denied, 'Add a permission.'],
] as const;

const begun = new FakeClock().now().getTime();

const call = { 'request-id': '2026-09-15T16-a1', description: '' };

describe('the answer to a call', () => {
  it.each([
    ['pending', '', 'pending', 'Taken; it is being worked on'],
    ['success', '', 'success', 'Done'],
    ['success', '3 targets loaded', 'success', '3 targets loaded'],
    ['unstable', 'ric is busy', 'success', 'Unstable: ric is busy'],
    ['skipped', 'no new data', 'success', 'Skipped: no new data'],
    ['skipped', '', 'success', 'Skipped: there was nothing to do'],
    ['failure', 'TARGET_LIST is empty', 'failure', 'TARGET_LIST is empty'],
    ['cancelled', '', 'error', 'Cancelled'],
    ['cancelled', 'by ada', 'error', 'Cancelled: by ada'],
  ])('%s with %j is the status %s: %s', async (state, description, status, words) => {
    const { statuses, exitCode, step } = await answer({ ...call, state, description });
    expect(statuses).toEqual([
      {
        sha: someRun.sha,
        context: 'data-uploaded/2026-09-15T16-a1',
        state: status,
        description: words,
        targetUrl: 'https://github.example.org/acme/stack/actions/runs/7001',
      },
    ]);
    expect([exitCode, step.outputs]).toEqual([0, { result: 'success' }]);
    expect(step.summaries.join('')).toContain('2026-09-15T16-a1');
  });

  it('is named after the type of the call', async () => {
    const { statuses } = await answer({ ...call, state: 'success', 'event-type': 'promote-image' });
    expect(statuses[0]!.context).toBe('promote-image/2026-09-15T16-a1');
  });

  it('is one line of at most 140 characters, whatever it is made of', async () => {
    const description = `first\n::error::second\x1b[31m ${'x'.repeat(500)}`;
    const { statuses } = await answer({ ...call, state: 'unstable', description });
    expect(statuses[0]!.description).toMatch(/^Unstable: first ::error::second x+…$/);
    expect(statuses[0]!.description.length).toBeLessThanOrEqual(140);
  });

  it('is not given where nobody called, token or not', async () => {
    const { statuses, exitCode, step } = await answer({ state: 'success', 'github-token': '' });
    expect([statuses, exitCode, step.outputs]).toEqual([[], 0, { result: 'skipped' }]);
  });

  it('is not given in a dry run', async () => {
    const { statuses, step } = await answer({ ...call, state: 'success', 'dry-run': 'true' });
    expect([statuses, step.outputs]).toEqual([[], { result: 'success' }]);
  });

  it('names the permission that is missing', async () => {
    const { exitCode, step } = await answer({ ...call, state: 'success' }, new FakeGitHub({ permissions: [] }));
    expect(exitCode).toBe(1);
    expect(step.log.of('error').join('')).toContain('statuses: write');
  });

  it.each([['pending'], ['success']])('is given when GitHub is away for a while: %s', async (state) => {
    for (const error of [away, 'silence'] as const) {
      const { statuses, exitCode, step } = await answer({ ...call, state }, new FailingGitHub(2, error));
      expect([statuses.length, exitCode, step.outputs]).toEqual([1, 0, { result: 'success' }]);
    }
  });

  it('is given after the minute for which a rate limit lasts', async () => {
    const limited = new RemoteError('github', 'too much', { status: 403, retryable: true, retryAfterMs: 60_000 });
    const { statuses, step } = await answer({ ...call, state: 'success' }, new FailingGitHub(1, limited));
    expect([statuses.length, step.clock.now().getTime() - begun]).toEqual([1, 60_000]);
  });

  it.each(hopeless)('that could not be given in the end is a failure: %s', async (_, error, says) => {
    const { exitCode, step } = await answer({ ...call, state: 'success' }, new FailingGitHub(1_000, error));
    expect([exitCode, step.outputs]).toEqual([1, { result: 'failure' }]);
    expect(step.log.of('error').join('')).toContain(says);
    expect(step.clock.now().getTime() - begun).toBeLessThanOrEqual(100_000);
  });

  it.each(hopeless)('that the work has begun stops nothing when it could not be given: %s', async (_, error, says) => {
    const { exitCode, step } = await answer({ ...call, state: 'pending' }, new FailingGitHub(1_000, error));
    expect([exitCode, step.outputs]).toEqual([0, { result: 'unstable' }]);
    expect(step.log.of('warning').join('')).toContain(says);
    expect(step.log.of('warning').join('')).toContain('could not be answered with pending');
  });

  it('is not asked for again where that is of no use', async () => {
    const gitHub = new FailingGitHub(1_000, denied);
    await answer({ ...call, state: 'success' }, gitHub);
    expect(gitHub.asked).toBe(1);
  });

  it.each([
    [{ ...call, state: 'done' }, '"done" is not one of pending'],
    [{ ...call }, 'state: is required'],
    [{ 'request-id': '../x', state: 'success' }, 'request-id: "../x" is not an id'],
    [{ 'request-id': '-a', state: 'success' }, 'is not an id'],
    [{ 'request-id': 'x'.repeat(65), state: 'success' }, 'is not an id'],
    [{ ...call, state: 'success', 'github-token': '' }, 'github-token: is required'],
  ])('%j is refused before anything is asked: %s', async (given, message) => {
    const { statuses, exitCode, step } = await answer(given);
    expect([statuses, exitCode]).toEqual([[], 1]);
    expect(step.log.of('error').join('')).toContain(message);
  });
});

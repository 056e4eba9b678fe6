import { runAction } from '@delivery/core/action/runtime';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { FakeStep, someRun } from '@delivery/testing/fake-step';
import type { Inputs } from '../src/inputs.ts';
import { check, inputs, outputs } from '../src/inputs.ts';
import { run } from '../src/run.ts';

async function answer(given: Record<string, string>, gitHub = new FakeGitHub()) {
  const step = new FakeStep({ 'github-token': 'ghs_x', ...given });
  const action = { name: 'answer-call', inputs, outputs, check };
  const exitCode = await runAction(
    { ...action, run: (values, context) => run(values, () => open(gitHub, values), context) },
    step,
  );
  return { step, exitCode, statuses: gitHub.statuses };
}

/** The client takes no empty token. */
function open(gitHub: FakeGitHub, { 'github-token': token }: Inputs): FakeGitHub {
  if (token === '') throw new Error('no token');
  return gitHub;
}

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

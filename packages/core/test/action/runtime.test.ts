import { commonInputs } from '@delivery/core/action/common-inputs';
import type { Outcome } from '@delivery/core/action/outcome';
import { required, secret } from '@delivery/core/action/readers';
import type { ActionDefinition } from '@delivery/core/action/runtime';
import { runAction, stopWithinMs } from '@delivery/core/action/runtime';
import { InputError, RefusedError, RemoteError } from '@delivery/core/errors/errors';
import { FakeStep } from '@delivery/testing/fake-step';

const inputs = {
  ...commonInputs,
  image: required('a name', (text) => text || undefined),
  key: secret(required('a key', (text) => text)),
};
type Definition = ActionDefinition<typeof inputs, 'result' | 'digest' | 'tags'>;

const given = { image: 'web', key: 'hunter2-hunter2' };
const success: Outcome<'result' | 'digest' | 'tags'> = {
  result: 'success',
  reason: 'Built it.',
  outputs: {},
  summary: [],
};

function action(run: Definition['run']): Definition {
  return { name: 'some-action', inputs, outputs: ['result', 'digest', 'tags'], run };
}

describe('runAction', () => {
  it('writes every declared output, lists as JSON and what was not given as an empty text', async () => {
    const step = new FakeStep(given);
    const code = await runAction(
      action(async () => ({ ...success, outputs: { tags: ['latest', 'latest-1'] } })),
      step,
    );
    expect(code).toBe(0);
    expect(step.outputs).toEqual({ result: 'success', digest: '', tags: '["latest","latest-1"]' });
  });

  it('fails with every problem of the inputs in one message, and runs nothing', async () => {
    const step = new FakeStep({ 'dry-run': 'maybe' });
    let ran = false;
    const code = await runAction(
      action(async () => {
        ran = true;
        return success;
      }),
      step,
    );
    expect([code, ran, step.outputs['result']]).toEqual([1, false, 'failure']);
    expect(step.log.of('error').join()).toMatch(/3 things are wrong.*dry-run: "maybe".*image: is required.*key: is/);
  });

  it('masks secrets, their lines and base64 forms before anything is read', async () => {
    const step = new FakeStep({ ...given, key: 'first-line\nsecond-line', 'dry-run': 'nonsense' });
    await runAction(
      action(async () => success),
      step,
    );
    expect(step.masked).toEqual(
      expect.arrayContaining(['first-line', 'second-line', Buffer.from('first-line\nsecond-line').toString('base64')]),
    );
    expect(JSON.stringify([step.log.lines, step.summaries])).not.toContain('second-line');
  });

  it('annotates the place in the file that a problem names', async () => {
    const step = new FakeStep(given);
    const at = { file: '.github/delivery.yaml', line: 3, column: 5 };
    await runAction(
      action(() => Promise.reject(new InputError([{ field: 'images.web', message: 'is no mapping', at }]))),
      step,
    );
    expect(step.log.lines).toContainEqual({ kind: 'error', text: 'images.web: is no mapping', at });
  });

  it.each([
    [
      'a refusal',
      new RefusedError('refused', 'That build is not yours.', { hint: 'Take another.' }),
      'That build is not yours. Take another.',
    ],
    ['a built-in mistake', new TypeError('x is undefined'), /An unexpected TypeError was thrown: x is undefined\./],
    [
      'a foreign error, whose text may hold headers',
      new Error('Authorization: Bearer abc'),
      /^some-action: An unexpected Error was thrown\. /,
    ],
    ['something that is no error at all', 'Bearer abc', /^some-action: An unexpected string was thrown\. /],
    ['nothing', undefined, /An unexpected undefined was thrown/],
  ])('ends in one sentence when %s is thrown', async (_, thrown, expected) => {
    const step = new FakeStep(given);
    expect(
      await runAction(
        action(() => Promise.reject(thrown as Error)),
        step,
      ),
    ).toBe(1);
    const [line = '', ...more] = step.log.of('error');
    expect(more).toEqual([]);
    expect(line).toMatch(expected);
    expect(JSON.stringify([step.log.lines, step.summaries])).not.toContain('Bearer abc');
  });

  it('shows the code of an error in the summary, by which the page of remedies is searched', async () => {
    const step = new FakeStep(given);
    const refused = new RefusedError('number-taken', 'That number is another commit’s.');
    await runAction(
      action(() => Promise.reject(refused)),
      step,
    );
    expect(step.summaries.join()).toContain('Code number-taken: docs/troubleshooting.md');
  });

  it('is yellow without failing the step, and fails it only where unstable is said to be a failure', async () => {
    const unstable = action(async () => ({
      ...success,
      result: 'unstable',
      reason: 'A loader runs.',
      next: 'The next build tries again.',
    }));
    const yellow = new FakeStep(given);
    expect(await runAction(unstable, yellow)).toBe(0);
    expect(yellow.log.of('warning')).toEqual(['some-action is unstable: A loader runs. The next build tries again.']);
    expect(yellow.summaries[0]).toContain('🟡 some-action: unstable');
    expect(await runAction(unstable, new FakeStep({ ...given, 'unstable-is': 'failure' }))).toBe(1);
  });

  it('makes a neutral check of an unstable result when asked, and only warns when that fails', async () => {
    const unstable = action(async () => ({ ...success, result: 'unstable' }));
    const asked = new FakeStep({ ...given, 'neutral-check': 'true', 'github-token': 'ghs_0123456789' });
    await runAction(unstable, asked);
    expect(asked.checks).toMatchObject([{ name: 'some-action', sha: asked.run.sha }]);
    const failing = new FakeStep({ ...given, 'neutral-check': 'true', 'github-token': 'ghs_0123456789' });
    failing.gitHub = () => {
      throw new RemoteError('github', 'checks: write is missing', { status: 403, retryable: false });
    };
    expect(await runAction(unstable, failing)).toBe(0);
    expect(failing.log.of('warning').join()).toContain('checks: write is missing');
  });

  it('writes no summary when it is switched off', async () => {
    const step = new FakeStep({ ...given, summary: 'false' });
    await runAction(
      action(async () => success),
      step,
    );
    expect(step.summaries).toEqual([]);
  });

  it('does not wait for a run that will not stop after a cancel', async () => {
    const step = new FakeStep(given);
    const code = runAction(
      action(() => new Promise(() => undefined)),
      step,
    );
    step.cancel.abort();
    await step.clock.advance(stopWithinMs);
    expect(await code).toBe(1);
    expect(step.log.of('error').join()).toContain('did not stop in time');
  });
});

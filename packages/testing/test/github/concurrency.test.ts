import { ConcurrencyGroups } from '@delivery/testing/github/concurrency';
import { evaluateText } from '@delivery/testing/github/expressions';

describe('concurrency groups', () => {
  /** Enters runs of one group and notes what becomes of them. */
  function group() {
    const groups = new ConcurrencyGroups();
    const events: string[] = [];
    const enter = (name: string, { cancelInProgress = false, keepsAll = false } = {}) => {
      const place = groups.enter('deploy', { cancelInProgress, keepsAll, cancel: () => events.push(`cancel ${name}`) });
      const told = place.go.then((go) => events.push(`${go ? 'run' : 'drop'} ${name}`));
      return { leave: () => place.leave(), told };
    };
    return { events, enter };
  }

  it('run one, keep the newest waiting, drop the one that waited before', async () => {
    const { events, enter } = group();
    const [one, two, three] = ['1', '2', '3'].map((name) => enter(name));
    await two?.told;
    expect(events).toEqual(['run 1', 'drop 2']);
    one?.leave();
    await three?.told;
    expect(events).toEqual(['run 1', 'drop 2', 'run 3']);
  });

  it('cancel what runs when asked to, and wait for its end', async () => {
    const { events, enter } = group();
    const one = enter('1');
    await one.told;
    const two = enter('2', { cancelInProgress: true });
    expect(events).toEqual(['run 1', 'cancel 1']);
    one.leave();
    await two.told;
    expect(events).toEqual(['run 1', 'cancel 1', 'run 2']);
  });

  it('keep all in order with queue: max', async () => {
    const { events, enter } = group();
    const runs = ['1', '2', '3'].map((name) => enter(name, { keepsAll: true }));
    for (const run of runs) {
      await run.told;
      run.leave();
    }
    expect(events).toEqual(['run 1', 'run 2', 'run 3']);
  });

  it('let one that waits leave', async () => {
    const { events, enter } = group();
    const [one, two] = [enter('1'), enter('2')];
    two.leave();
    await two.told;
    one.leave();
    await enter('3').told;
    expect(events).toEqual(['run 1', 'drop 2', 'run 3']);
  });
});

describe('expressions of a group or a title', () => {
  const contexts = {
    github: { ref: 'refs/heads/main', event: { client_payload: { id: 7 } } },
    inputs: { project: '' },
  };

  it.each([
    ['deploy', 'deploy'],
    ['ci-${{ github.ref }}', 'ci-refs/heads/main'],
    ["${{ inputs.project || 'test' }}", 'test'],
    ['${{ github.event.client_payload.id }}', '7'],
    ['${{ github.event.nothing.there }}', ''],
    ["${{ github.ref && 'it''s' }}", "it's"],
    ["${{ inputs.project && format('of {0}', inputs.project) || 'of none' }}", 'of none'],
    ["${{ github.event.client_payload.id && format('{0}: {1}', 'call', github.event.client_payload.id) }}", 'call: 7'],
    ["${{ inputs.project || github.ref && 'b' }}", 'b'],
    ["${{ (inputs.project || github.ref) == 'REFS/heads/main' && 'main' || 'other' }}", 'main'],
    ["${{ github.ref != 'x' && !inputs.project && 'yes' }} and ${{ 'no }} end' }}", 'yes and no }} end'],
    ['${{ github.event.constructor.name }}', ''],
  ])('%s is %s', (text, value) => {
    expect(evaluateText(text, contexts)).toBe(value);
  });

  it.each([
    '${{ secrets.A }}',
    "${{ contains('a', 'b') }}",
    '${{ github.ref == 1 }}',
    "${{ format('a' }}",
    '${{ (github.ref }}',
    "${{ 'a' 'b' }}",
    '${{ }}',
  ])('%s is refused', (text) => {
    expect(() => evaluateText(text, contexts)).toThrow('does not understand');
  });
});

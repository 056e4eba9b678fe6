import type { ActionContext } from '@delivery/core/action/context';
import { readInputs } from '@delivery/core/action/inputs';
import type { Outcome } from '@delivery/core/action/outcome';
import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import type { FakeRun, FakeWorkflowRunsOptions } from '@delivery/testing/fake-workflow-runs';
import { FakeWorkflowRuns } from '@delivery/testing/fake-workflow-runs';
import type { Output } from '../src/inputs.ts';
import { check, inputs } from '../src/inputs.ts';
import { run } from '../src/run.ts';

const loader = { file: 'loader.yml', inputs: ['request-id', 'who'], events: ['data-uploaded'] };
const ownId = 'acme-stack-7001-1';
const away = new RemoteError('github', 'GitHub is away', { status: 503, retryable: true });
const gone = new RemoteError('github', 'GitHub knows no run', { status: 404, retryable: false, hint: 'Look there.' });
const limited = (retryAfterMs: number) =>
  new RemoteError('github', 'the limit is reached', { status: 403, retryable: true, retryAfterMs });

class Scene {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly cancel = new AbortController();
  readonly runs: FakeWorkflowRuns;

  constructor(options: FakeWorkflowRunsOptions = {}) {
    this.runs = new FakeWorkflowRuns({ workflows: [loader], ...options });
  }

  /** Every run that is started ends so, after a while. */
  ending(conclusion: string, afterMs = 60_000): this {
    this.runs.onStart = ({ id }) => this.later(id, conclusion, afterMs);
    return this;
  }

  later(id: number, conclusion: string, afterMs: number): void {
    const end = () => this.runs.change(id, { status: 'completed', conclusion });
    void this.clock.sleep(afterMs, new AbortController().signal).then(end);
  }

  start(given: Record<string, string>): Promise<Outcome<Output>> {
    const values: Record<string, string> = { repository: 'acme/builds', 'github-token': 'ghs_x', ...given };
    const source = { get: (name: string) => values[name] ?? '', mask: () => undefined };
    const { clock, log } = this;
    const context: ActionContext = { clock, log, signal: this.cancel.signal, run: someRun, mask: () => undefined };
    return (async () => run(readInputs(inputs, source, check), this.runs, context))();
  }

  async run(given: Record<string, string>, limitMs = 2 * 3_600_000): Promise<Outcome<Output>> {
    return this.clock.passUntil(this.start(given), limitMs, 500);
  }

  /** When the run is read, in milliseconds from now; what `failure` gives is what it then fails with. */
  readings(failure: (at: number) => RemoteError | undefined = () => undefined): readonly number[] {
    const begun = this.clock.now().getTime();
    const asked: number[] = [];
    this.runs.failWith = (method) => {
      if (method !== 'read') return undefined;
      asked.push(this.clock.now().getTime() - begun);
      return failure(asked.at(-1)!);
    };
    return asked;
  }

  called(method: string): readonly (readonly unknown[])[] {
    return this.runs.calls.filter((call) => call.method === method).map((call) => call.arguments);
  }
}

const event = { 'event-type': 'data-uploaded' };
const workflow = { workflow: 'loader.yml' };

describe('a workflow that is started by its name', () => {
  it('is followed to its end, by the run that the server tells', async () => {
    const scene = new Scene().ending('success');
    const outcome = await scene.run({ ...workflow, payload: '{"who": "ada"}' });
    expect(outcome).toMatchObject({
      result: 'success',
      outputs: { 'run-id': 1, 'run-url': scene.runs.runs[0]!.url, conclusion: 'success' },
    });
    expect(scene.called('startWorkflow')).toEqual([['loader.yml', 'main', { who: 'ada' }]]);
    expect(scene.called('find')).toEqual([]);
  });

  it('that is not there is named', async () => {
    const error = await new Scene().run({ workflow: 'laoder.yml' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 404, hint: expect.stringContaining('no laoder.yml there') as string });
  });

  it('is found by the request id where the server does not tell', async () => {
    const scene = new Scene({ tells: false }).ending('success');
    const outcome = await scene.run({ ...workflow, payload: '{"request-id": "a1"}' });
    expect(outcome).toMatchObject({ result: 'success', outputs: { 'run-id': 1, conclusion: 'success' } });
  });

  it('is not passed off as done where the server does not tell and there is no id', async () => {
    const outcome = await new Scene({ tells: false }).ending('success').run(workflow);
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': '', conclusion: '' } });
    expect(outcome.reason).toContain('give it in payload');
  });
});

describe('an event', () => {
  it('carries an id of this run, by which its run is found and followed', async () => {
    const scene = new Scene().ending('success');
    const outcome = await scene.run({ ...event, payload: '{"data-origin": "2026-09-15T16"}' });
    expect(outcome).toMatchObject({ result: 'success', outputs: { 'run-id': 1, conclusion: 'success' } });
    const payload = { 'data-origin': '2026-09-15T16', 'request-id': ownId };
    expect(scene.called('sendEvent')).toEqual([['data-uploaded', payload]]);
  });

  it("keeps the payload's own id", async () => {
    const scene = new Scene().ending('success');
    await scene.run({ ...event, payload: '{"request-id": "a1"}' });
    expect(scene.called('sendEvent')).toEqual([['data-uploaded', { 'request-id': 'a1' }]]);
  });

  it('is not mistaken for an earlier run of the same id', async () => {
    const scene = new Scene();
    await scene.runs.sendEvent('data-uploaded', { 'request-id': 'a1' }, scene.cancel.signal);
    scene.runs.change(1, { status: 'completed', conclusion: 'success' });
    scene.ending('failure');
    const outcome = await scene.run({ ...event, payload: '{"request-id": "a1"}' });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': 2, conclusion: 'failure' } });
  });

  it('is waited for no longer than two minutes where no run carries its id', async () => {
    const scene = new Scene({ workflows: [] });
    const before = scene.clock.now().getTime();
    const outcome = await scene.run(event);
    expect(outcome.result).toBe('failure');
    expect(outcome.reason).toContain('run-name');
    expect(scene.clock.now().getTime() - before).toBeLessThan(150_000);
  });

  it('is sent once when its answer is lost, and its run is looked for', async () => {
    const scene = new Scene();
    scene.runs.onStart = ({ id }: FakeRun) => {
      scene.later(id, 'success', 30_000);
      throw away;
    };
    expect(await scene.run(event)).toMatchObject({ result: 'success', outputs: { 'run-id': 1 } });
    expect(scene.called('sendEvent')).toHaveLength(1);
  });

  it('that never arrived is an error which says that this is not known', async () => {
    const scene = new Scene();
    scene.runs.failWith = (method) => (method === 'sendEvent' ? away : undefined);
    const error = await scene.run(event).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'github', status: 503, hint: expect.stringContaining('not known') as string });
    expect(scene.called('sendEvent')).toHaveLength(1);
  });

  it('is not sent when GitHub does not list its runs', async () => {
    const scene = new Scene();
    scene.runs.failWith = (method) => (method === 'find' ? away : undefined);
    expect(await scene.run(event).catch((caught: unknown) => caught)).toBe(away);
    expect(scene.called('sendEvent')).toEqual([]);
  });

  it('that was sent is told as sent when GitHub does not list its runs any more', async () => {
    const scene = new Scene();
    scene.runs.failWith = (method) => (method === 'find' && scene.runs.runs.length > 0 ? away : undefined);
    const outcome = await scene.run(event);
    expect(outcome.result).toBe('failure');
    expect(outcome.reason).toBe('data-uploaded of acme/builds was sent, but its run was not found. GitHub is away.');
  });

  it('that was sent is told as sent when its runs may not be listed any more', async () => {
    const scene = new Scene();
    const denied = new RemoteError('github', 'no access', { status: 401, retryable: false, hint: 'Give a token.' });
    scene.runs.failWith = (method) => (method === 'find' && scene.runs.runs.length > 0 ? denied : undefined);
    const outcome = await scene.run(event);
    expect(outcome.reason).toBe(
      'data-uploaded of acme/builds was sent, but its run was not found. no access. Give a token.',
    );
  });

  it('tells of a second run that carries the id', async () => {
    const scene = new Scene({ workflows: [loader, { ...loader, file: 'other.yml' }] }).ending('success');
    expect(await scene.run(event)).toMatchObject({ outputs: { 'run-id': 1 } });
    expect(scene.log.of('warning')).toEqual([`2 runs carry the id ${ownId}: the first of them is followed.`]);
  });
});

describe('the end of the run there', () => {
  it.each([
    ['success', 'success'],
    ['neutral', 'unstable'],
    ['skipped', 'unstable'],
    ['failure', 'failure'],
    ['cancelled', 'failure'],
    ['timed_out', 'failure'],
    ['startup_failure', 'failure'],
    ['action_required', 'failure'],
    ['stale', 'failure'],
    ['a word of tomorrow', 'failure'],
  ])('%s is %s here', async (conclusion, result) => {
    const scene = new Scene().ending(conclusion);
    const outcome = await scene.run(workflow);
    expect(outcome).toMatchObject({ result, outputs: { result, conclusion } });
    if (result !== 'success') expect(outcome.next).toContain(scene.runs.runs[0]!.url);
  });

  it('is asked for after 2 s, then ever more seldom, every 15 s at last', async () => {
    const scene = new Scene().ending('success', 120_000);
    const asked = scene.readings();
    await scene.run(workflow);
    const pauses = asked.map((at, index) => at - (asked[index - 1] ?? 0));
    expect(pauses.slice(0, 4)).toEqual([2_000, 2_000, 3_000, 4_500]);
    expect(new Set(pauses.slice(7))).toEqual(new Set([15_000]));
  });

  it('is waited for while GitHub is away now and then', async () => {
    const scene = new Scene().ending('success', 30_000);
    let asked = 0;
    scene.runs.failWith = (method) => (method === 'read' && (asked += 1) % 2 === 1 ? away : undefined);
    expect((await scene.run(workflow)).result).toBe('success');
  });

  it('is waited for while a run that was just started is not there yet', async () => {
    const scene = new Scene().ending('success');
    const asked = scene.readings((at) => (at < 30_000 ? gone : undefined));
    expect(await scene.run(workflow)).toMatchObject({ result: 'success', outputs: { conclusion: 'success' } });
    expect(asked.filter((at) => at < 30_000).length).toBeGreaterThan(3);
  });

  it.each([
    ['may not be read', 0, new RemoteError('github', 'no', { status: 403, retryable: false, hint: 'Add x.' }), 2_000],
    ['may not be read any more', 60_000, new RemoteError('github', 'no', { status: 401, retryable: false }), 75_000],
    ['is of a run that is not there after 30 s', 0, gone, 45_000],
    ['is of a run that is not there any more', 60_000, gone, 75_000],
  ])('that %s is a failure with the run, why and what to do', async (_, fromMs, error, withinMs) => {
    const scene = new Scene();
    const asked = scene.readings((at) => (at >= fromMs ? error : undefined));
    const outcome = await scene.run(workflow);
    const { url } = scene.runs.runs[0]!;
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': 1, 'run-url': url, conclusion: '' } });
    const seen = fromMs === 0 ? 'it was never seen' : 'it was queued';
    expect(outcome.reason).toBe(
      `Run 1 of loader.yml of acme/builds on main could not be followed to its end; ${seen}; ${error.message}.`,
    );
    expect(outcome.next).toBe(`${error.hint ? `${error.hint} ` : ''}It may go on there: ${url}`);
    expect(asked.at(-1)).toBeLessThanOrEqual(withinMs);
  });

  it('is not asked for before the time that a rate limit names', async () => {
    const scene = new Scene().ending('success', 30_000);
    const asked = scene.readings((at) => (at < 60_000 ? limited(60_000) : undefined));
    expect((await scene.run(workflow)).result).toBe('success');
    expect(asked).toEqual([2_000, 62_000]);
  });

  it('is given up at once when a rate limit lasts longer than the wait', async () => {
    const scene = new Scene();
    const asked = scene.readings(() => limited(3_600_000));
    const outcome = await scene.run({ ...workflow, timeout: '10m' });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': 1 } });
    expect(outcome.reason).toContain('3600 s');
    expect(asked).toEqual([2_000]);
  });

  it('that does not come in time is a failure with the link, and the run goes on', async () => {
    const scene = new Scene();
    const outcome = await scene.run({ ...workflow, timeout: '10m' });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': 1, conclusion: '' } });
    expect(outcome.reason).toContain('did not end in time; it was queued');
    expect(outcome.next).toContain(scene.runs.runs[0]!.url);
  });

  it('that cannot be seen at last is a failure with the link, and says why', async () => {
    const scene = new Scene();
    scene.runs.failWith = (method) => (method === 'read' ? away : undefined);
    const outcome = await scene.run({ ...workflow, timeout: '10m' });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'run-id': 1 } });
    expect(outcome.reason).toContain('could not be followed to its end; it was never seen; GitHub is away');
  });

  it('is not waited for any more once this run is cancelled; the run there goes on', async () => {
    const scene = new Scene();
    const running = scene.start(workflow);
    await scene.clock.advance(10_000);
    scene.cancel.abort(new CancelledError('the run'));
    expect(await running).toMatchObject({ result: 'failure', outputs: { 'run-id': 1 } });
    expect(scene.runs.runs[0]!.status).toBe('queued');
  });
});

describe('without waiting', () => {
  it('tells the run that the server tells, and asks for nothing', async () => {
    const scene = new Scene();
    expect(await scene.run({ ...workflow, wait: 'false' })).toMatchObject({
      result: 'success',
      outputs: { 'run-id': 1, conclusion: '' },
    });
    expect(scene.runs.calls).toHaveLength(1);
  });

  it('sends an event, id included, and asks for nothing', async () => {
    const scene = new Scene();
    expect(await scene.run({ ...event, wait: 'false' })).toMatchObject({
      result: 'success',
      outputs: { 'run-id': '' },
    });
    expect(scene.runs.calls).toEqual([{ method: 'sendEvent', arguments: ['data-uploaded', { 'request-id': ownId }] }]);
  });

  it('sends nothing at all in a dry run', async () => {
    const scene = new Scene();
    expect(await scene.run({ ...event, 'dry-run': 'true' })).toMatchObject({ result: 'success' });
    expect(scene.runs.calls).toEqual([]);
  });
});

describe('what is given', () => {
  const keys = (count: number) =>
    JSON.stringify(Object.fromEntries([...Array(count).keys()].map((key) => [`k${key}`, 'x'])));
  const long = (bytes: number) => JSON.stringify({ text: 'x'.repeat(bytes) });

  it.each([
    [{ repository: 'acme', ...event }, 'repository: "acme" is not a repository, owner/name'],
    [{ repository: 'acme/..', ...event }, 'is not a repository'],
    [{ repository: 'acme/a/b', ...event }, 'is not a repository'],
    [{}, 'event-type: or workflow is given, one of the two'],
    [{ ...event, ...workflow }, 'event-type: or workflow is given, one of the two'],
    [{ ...event, 'github-token': '' }, 'github-token: is required'],
    [{ workflow: '../a.yml' }, 'is not the file name of a workflow'],
    [{ workflow: 'a.txt' }, 'is not the file name of a workflow'],
    [{ 'event-type': 'x'.repeat(101) }, 'is not a type of event'],
    [{ ...workflow, ref: 'a b' }, 'is not a branch or tag'],
    [{ ...event, payload: '[1]' }, 'is not an object'],
    [{ ...event, payload: '{' }, 'is not JSON'],
    [{ ...event, payload: '{"a":1,"a":2}' }, 'gives the key "a" twice'],
    [{ ...event, payload: keys(10) }, 'has 10 keys on the outside: give at most 9, because request-id is added'],
    [{ ...event, payload: long(65_500) }, 'give at most 65439, because request-id is added'],
    [{ ...event, payload: long(70_000) }, 'bytes long'],
    [{ ...event, payload: '{"request-id": "a b"}' }, '"a b" is not an id'],
    [{ ...event, payload: '{"request-id": 5}' }, 'the number 5 is not an id'],
    [{ ...workflow, payload: '{"force": true}' }, '"force" is true, but inputs of a workflow are texts'],
    [{ ...workflow, payload: keys(26) }, 'has 26 inputs: give at most 25'],
  ])('%j is refused before anything is asked: %s', async (given, message) => {
    const scene = new Scene();
    const error = await scene.run(given as Record<string, string>).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'input', message: expect.stringContaining(message) as string });
    expect(scene.runs.calls).toEqual([]);
  });

  it.each([
    [{ ...event, payload: keys(9) }],
    [{ ...event, payload: '{"request-id":"a1","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9}' }],
    [{ ...event, payload: long(65_400) }],
    [{ workflow: 'loader.yml' }],
  ])('%j is taken', async (given) => {
    expect((await new Scene().ending('success').run(given)).result).toBe('success');
  });
});

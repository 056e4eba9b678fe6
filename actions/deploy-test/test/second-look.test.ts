import { readLedger } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import { RemoteError } from '@delivery/core/errors/errors';
import { crashing } from './conducts.ts';
import type { Stage } from './stage.ts';
import { repository, stageWith } from './stage.ts';

const conflict = () =>
  new RemoteError('cluster', 'Deployment test/beat was changed by somebody else', {
    ...{ status: 409, retryable: false },
    hint: 'Nothing was changed. Find out who else deploys to this namespace, then run it again.',
  });

const forbidden = () => new RemoteError('cluster', 'patch of beat is forbidden', { status: 403, retryable: false });

/** Somebody else comes between: `act` is called once, before `beat` is set (or rehearsed). */
function beforeBeat(stage: Stage, when: 'set' | 'rehearsed', act: () => void): void {
  const setImages = stage.cluster.setImages.bind(stage.cluster);
  let done = false;
  stage.cluster.setImages = async (workload, change, options, signal) => {
    if (!done && workload.name === 'beat' && options.dryRun === (when === 'rehearsed')) {
      done = true;
      act();
    }
    return setImages(workload, change, options, signal);
  };
}

/** The next time that `beat` is set. */
function refuseBeat(stage: Stage, error: RemoteError): void {
  const { setImages } = stage.cluster;
  stage.cluster.setImages = async (workload, change, options, signal) => {
    if (workload.name !== 'beat' || options.dryRun) return setImages(workload, change, options, signal);
    stage.cluster.setImages = setImages;
    throw error;
  };
}

/** Every watch takes `ms` until its first view: a list of a large namespace, an API server under load. */
function watchesTake(stage: Stage, ms: () => number): void {
  const watch = stage.cluster.watchNamespace.bind(stage.cluster);
  stage.cluster.watchNamespace = async function* (namespace, kinds, signal) {
    await stage.clock.sleep(ms(), signal);
    return yield* watch(namespace, kinds, signal);
  };
}

describe('a cluster that is looked at again because somebody else has changed it', () => {
  it('is looked at again as well when that shows before anything is set', async () => {
    const { stage, after } = stageWith({ before: 267, after: 269 });
    const theirs = stage.build(268);
    beforeBeat(stage, 'rehearsed', () => stage.running(theirs));
    const outcome = await stage.run({ build: { kind: 'number', number: 269 } });
    expect(outcome).toMatchObject({ result: 'success', outputs: { verdict: 'healthy' } });
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([after, after]);
  });

  it('is not looked at for ever', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.cluster.setImages = () => Promise.reject(conflict());
    await expect(stage.run()).rejects.toThrow('was changed by somebody else');
    expect(stage.imageOf('web')).toBe(before);
  });

  it('and lacks a workload by then gets back what this run has set', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.environment = 'test';
    beforeBeat(stage, 'set', () => {
      stage.cluster.change('test', ({ workloads }) => ({ workloads: workloads.filter(({ name }) => name !== 'beat') }));
      throw conflict();
    });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'rolled-back', cause: 'cluster' } });
    expect(outcome.reason).toContain('namespace test has no Deployment beat, it has: Deployment web. web-stream@');
    expect(outcome.next).toBe('Find out who else deploys to this project, and see which build is meant to run.');
    expect(stage.imageOf('web')).toBe(before);
    expect(stage.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
  });

  it('and has another build by then gets that back where this run has set over it', async () => {
    const { stage } = stageWith({ before: 267, after: 269 });
    const theirs = stage.build(268);
    beforeBeat(stage, 'set', () => {
      stage.running(theirs);
      refuseBeat(stage, forbidden());
    });
    const outcome = await stage.run({ build: { kind: 'number', number: 269 } });
    expect(stage.order.filter((call) => call === 'set web')).toHaveLength(3);
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'cluster' });
    expect(outcome.reason).not.toContain('Somebody else');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([theirs, theirs]);
  });

  it('a third time goes back to what was there when this run has set it last', async () => {
    const { stage, after } = stageWith({ before: 267, after: 269 });
    const theirs = stage.build(268);
    stage.conducts.set(after, crashing);
    beforeBeat(stage, 'set', () => {
      stage.running(theirs);
      refuseBeat(stage, conflict());
    });
    const outcome = await stage.run({ build: { kind: 'number', number: 269 } });
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'crash-loop' });
    expect(outcome.reason).not.toContain('Somebody else');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([theirs, theirs]);
  });

  it('and has another build on its way by then goes back to what was seen healthy before that', async () => {
    const { stage, before } = stageWith({ before: 267, after: 269 });
    const theirs = stage.build(268);
    beforeBeat(stage, 'set', () => {
      stage.running(theirs, { ready: 0, available: 0 });
      refuseBeat(stage, forbidden());
    });
    const outcome = await stage.run({ build: { kind: 'number', number: 269 } });
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'cluster' });
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, theirs]);
  });

  it('and does not answer by then gets back what this run has set', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    const { watchNamespace } = stage.cluster;
    beforeBeat(stage, 'set', () => {
      stage.cluster.watchNamespace = () => {
        stage.cluster.watchNamespace = watchNamespace;
        throw new RemoteError('cluster', 'list pods: HTTP 403', { status: 403, retryable: false, hint: 'Grant it.' });
      };
      throw conflict();
    });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ next: 'Grant it.', outputs: { verdict: 'rolled-back', cause: 'cluster' } });
    expect(stage.imageOf('web')).toBe(before);
  });

  it('says how far it came when it is cancelled by then', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    beforeBeat(stage, 'set', () => {
      watchesTake(stage, () => 600_000);
      throw conflict();
    });
    const running = stage.start();
    await stage.clock.advance(10_000);
    stage.cancel.abort(new Error('cancelled'));
    const outcome = await stage.finish(running, 1_000);
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'cancelled', cause: '' } });
    expect(stage.imageOf('web')).toBe(after);
  });
});

describe('workloads that are judged once more after the pages', () => {
  const check = { url: new URL('https://test.example.org/'), status: 200, contains: undefined, withinMs: 120_000 };

  it('are healthy also when the page came right after the timeout', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    watchesTake(stage, () => 500);
    stage.checks = [check];
    stage.page = () => ({ status: stage.asked.length < 90 ? 503 : 200, body: '' });
    const outcome = await stage.run({ timeout: 60_000 });
    expect(outcome).toMatchObject({ result: 'success', outputs: { verdict: 'healthy' } });
    expect(stage.imageOf('web')).toBe(after);
  });

  it('are rolled back when they fall over after it', async () => {
    const { stage, after, before } = stageWith({ before: 267, after: 268 });
    stage.checks = [check];
    stage.page = () => {
      if (stage.asked.length < 90) return { status: 503, body: '' };
      if (stage.imageOf('web') === after) crashing(stage.workload('web'), stage);
      return { status: 200, body: '' };
    };
    const outcome = await stage.run({ timeout: 60_000 });
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'crash-loop' });
    expect(stage.imageOf('web')).toBe(before);
  });
});

describe('a cluster that does not answer any more', () => {
  it('is what the run says it failed by, and not noted against the build', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    watchesTake(stage, () => (stage.order.length > 0 ? 3_600_000 : 0));
    const outcome = await stage.run({ timeout: 60_000 });
    expect(outcome.outputs).toMatchObject({ verdict: 'rollback-failed', cause: 'cluster' });
    expect(outcome.reason).toContain('the cluster did not answer');
    const { signal } = new AbortController();
    expect(await readLedger(repository, after.split('@')[1] as Digest, stage.registry, signal)).toEqual([]);
  });
});

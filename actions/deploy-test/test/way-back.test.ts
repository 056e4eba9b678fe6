import type { StreamTag } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import type { Cluster } from '@delivery/core/ports/cluster';
import { crashing, healthyAtOnce, notReady } from './conducts.ts';
import type { Stage } from './stage.ts';
import { stageWith } from './stage.ts';

type SetImages = Cluster['setImages'];

/** Puts `act` before every change that is made; it may go on with `set`. */
function whenSet(stage: Stage, act: (name: string, set: () => ReturnType<SetImages>) => ReturnType<SetImages>): void {
  const setImages = stage.cluster.setImages.bind(stage.cluster);
  stage.cluster.setImages = (workload, change, options, signal) => {
    const set = () => setImages(workload, change, options, signal);
    return options.dryRun ? set() : act(workload.name, set);
  };
}

function broken({ before, after }: { before: number; after: number }): ReturnType<typeof stageWith> {
  const scene = stageWith({ before, after });
  scene.stage.conducts.set(scene.after, crashing);
  return scene;
}

describe('the way back', () => {
  it('goes on to the other workloads when one cannot be set back, and says that somebody has to look', async () => {
    const { stage, before, after } = broken({ before: 267, after: 268 });
    whenSet(stage, async (name, set) => {
      if (name === 'web' && stage.imageOf('beat') === after)
        throw new RemoteError('cluster', 'patch of web is forbidden', { status: 403, retryable: false });
      return set();
    });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'rollback-failed', cause: 'crash-loop' } });
    expect(outcome.reason).toContain('runs again, but not everywhere.');
    expect(outcome.reason).toContain('Setting Deployment test/web back failed: patch of web is forbidden.');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([after, before]);
    expect(stage.log.of('info')).toContain('Deployment test/beat: 1 of 1 replicas ready');
  });

  it('says of every workload why it could not be set back', async () => {
    const { stage, after } = broken({ before: 267, after: 268 });
    whenSet(stage, async (name, set) => {
      if (stage.imageOf('beat') === after)
        throw new RemoteError('cluster', `patch of ${name} is forbidden`, { status: 403, retryable: false });
      return set();
    });
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rollback-failed' });
    expect(outcome.reason).toContain('patch of web is forbidden. Setting Deployment test/beat back failed: patch of');
  });
});

describe('a change whose answer was lost', () => {
  const lost = (status?: number) =>
    new RemoteError('cluster', 'patch of beat: no answer in time', { status, retryable: true });

  it.each([
    ['is undone when it was made', true],
    ['is not taken for what somebody else has set when it was not made', false],
  ])('%s', async (_, made) => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    let first = true;
    whenSet(stage, async (name, set) => {
      if (name !== 'beat' || !first) return set();
      first = false;
      if (made) await set();
      throw lost();
    });
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'cluster' });
    expect(outcome.reason).not.toContain('Somebody else');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
  });

  it('is undone also when it was the first', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    let first = true;
    whenSet(stage, async (_, set) => {
      if (!first) return set();
      first = false;
      await set();
      throw lost(504);
    });
    expect((await stage.run()).outputs.verdict).toBe('rolled-back');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
  });
});

describe('an image trigger that stays silent', () => {
  const tag: StreamTag = { namespace: 'test', stream: 'web-stream', tag: 'latest' };
  const fed = (stage: Stage, image: string) => {
    for (const name of ['web', 'beat'])
      stage.cluster.putWorkload({ ...stage.workload(name), containers: [{ name, image, init: false, fedBy: tag }] });
  };
  const tagged = (stage: Stage) => stage.cluster.tags.get('test/web-stream:latest');

  it('on the way back leaves the tag at what was healthy, not at what has failed', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    fed(stage, before);
    stage.conducts.set(after, (workload) => {
      crashing(workload, stage);
      stage.cluster.isSilent = () => workload.name === 'beat';
    });
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rollback-failed', cause: 'crash-loop' });
    expect(outcome.reason).toContain(`test/web-stream:latest stays set to ${before}`);
    expect(tagged(stage)).toBe(before);
  });

  it.each([
    ['is set back', 'rollback'],
    ['stays as it was set with on-failure: leave, as all that is set does', 'leave'],
  ] as const)('while a build is set: the tag %s', async (_, onFailure) => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    fed(stage, before);
    stage.cluster.isSilent = () => true;
    const message = onFailure === 'leave' ? `stays set to ${after}` : 'is set back';
    await expect(stage.run({ 'on-failure': onFailure })).rejects.toThrow(message);
    expect(tagged(stage)).toBe(onFailure === 'leave' ? after : undefined);
  });
});

describe('the evidence of a failed build', () => {
  const logsTake = (stage: Stage, ms: number) => {
    const readLog = stage.cluster.readLog.bind(stage.cluster);
    stage.cluster.readLog = async (pod, container, options, signal) => {
      if (pod.name !== 'web-new') await stage.clock.sleep(ms, signal);
      return readLog(pod, container, options, signal);
    };
    stage.cluster.logs.set('web-new/web/previous', 'no module named viewer\n');
  };

  it('does not hold up the way back for longer than 30 s, and what was read by then is kept', async () => {
    const { stage, before } = broken({ before: 267, after: 268 });
    logsTake(stage, 600_000);
    const began = stage.clock.now().getTime();
    const running = stage.start();
    await stage.clock.advance(31_000);
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
    const outcome = await stage.finish(running);
    expect(stage.clock.now().getTime() - began).toBeLessThan(60_000);
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'crash-loop' });
    expect(JSON.stringify(outcome.summary)).toContain('no module named viewer');
    expect(stage.log.of('info')).toContain('Not every log could be read within 30 s; the others are left out.');
  });

  it('is done without where the cluster does not show the namespace after a page was wrong', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.checks = [{ url: new URL('https://test.example.org/'), status: 200, contains: undefined, withinMs: 1_000 }];
    const watch = stage.cluster.watchNamespace.bind(stage.cluster);
    let away = false;
    stage.page = () => {
      away = true;
      return { status: 500, body: '' };
    };
    stage.conducts.set(before, (workload) => {
      away = false;
      healthyAtOnce(workload, stage);
    });
    stage.cluster.watchNamespace = async function* (namespace, kinds, signal) {
      if (away) await stage.clock.sleep(3_600_000, signal);
      return yield* watch(namespace, kinds, signal);
    };
    const outcome = await stage.run({}, 300_000);
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'check-failed' });
    expect(stage.imageOf('web')).toBe(before);
  });

  it('is told with the cause when the run is cancelled after the build has failed, and that it may run still', async () => {
    const { stage, after } = broken({ before: 267, after: 268 });
    logsTake(stage, 600_000);
    const running = stage.start();
    await stage.clock.advance(10_000);
    stage.cancel.abort(new Error('cancelled'));
    const outcome = await stage.finish(running, 1_000);
    expect(outcome).toMatchObject({
      result: 'failure',
      outputs: { verdict: 'cancelled', cause: 'crash-loop' },
      next: 'Some workloads may have the broken build still: deploy the last good build, or run this again to have it rolled back.',
    });
    expect(outcome.reason).toContain('cancelled after it had failed (crash-loop): ');
    expect(outcome.reason).toContain('its log ends with: no module named viewer');
    expect(JSON.stringify(outcome.summary)).toContain('no module named viewer');
    expect(stage.imageOf('beat')).toBe(after);
  });

  it('is told in the same way when the cancel comes on the way back', async () => {
    const { stage, before, after } = broken({ before: 267, after: 268 });
    stage.cluster.logs.set('web-new/web/previous', 'no module named viewer\n');
    stage.conducts.set(before, () => stage.cancel.abort(new Error('cancelled')));
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'cancelled', cause: 'crash-loop' });
    expect(JSON.stringify(outcome.summary)).toContain('no module named viewer');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, after]);
  });

  it('is told with what comes back when the cancel comes while that is watched', async () => {
    const { stage, before } = broken({ before: 267, after: 268 });
    stage.conducts.set(before, notReady);
    const running = stage.start();
    await stage.clock.advance(10_000);
    stage.cancel.abort(new Error('cancelled'));
    const outcome = await stage.finish(running, 1_000);
    expect(outcome).toMatchObject({
      outputs: { verdict: 'cancelled', cause: 'crash-loop' },
      next: 'What is set back goes on coming back in the cluster: look whether it gets healthy. Do not run this again: it would deploy the broken build once more.',
    });
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
  });
});

import { readLedger } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import { ActionError, CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { newPod } from '@delivery/testing/fake-cluster';
import { broken, crashing, healthyAfter, healthyAtOnce, notReady } from './conducts.ts';
import { repository, Stage, stageWith } from './stage.ts';

describe('the ledger of the build', () => {
  const ledgerOf = (stage: Stage, image: string) =>
    readLedger(repository, image.split('@')[1] as Digest, stage.registry, new AbortController().signal);

  it('holds that it was healthy in TEST, by whom and in which run; a re-run adds nothing', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    await stage.run();
    await stage.run();
    expect(await ledgerOf(stage, after)).toMatchObject([
      {
        ...{ event: 'tested', verdict: 'success', project: 'test', build: 268, by: 'ada' },
        run: expect.stringContaining('/actions/runs/7001') as string,
        reason: 'web latest-268 runs in test: 2 workloads healthy.',
      },
    ]);
  });

  it('holds that it failed, and why', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    await stage.run();
    const reason = expect.stringContaining('web latest-268 failed (crash-loop)') as string;
    expect(await ledgerOf(stage, after)).toMatchObject([{ event: 'tested', verdict: 'failure', reason }]);
    expect(await ledgerOf(stage, before)).toEqual([]);
  });

  it('holds nothing of a dry run, or of what the cluster would not do', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    await stage.run({ 'dry-run': true });
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    stage.cluster.setImages = async (workload, change, options, signal) => {
      if (workload.name === 'beat' && !options.dryRun)
        throw new RemoteError('cluster', 'forbidden', { status: 403, retryable: false });
      return setImages(workload, change, options, signal);
    };
    expect((await stage.run()).outputs).toMatchObject({ verdict: 'rolled-back', cause: 'cluster' });
    expect(await ledgerOf(stage, after)).toEqual([]);
  });

  it('tells what to do about an image stream that could not import the build for a later workload', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    stage.cluster.setImages = async (workload, change, options, signal) => {
      if (workload.name === 'beat' && !options.dryRun)
        throw new ActionError('import-failed', 'the stream could not import it', { hint: 'Look at its pull secret.' });
      return setImages(workload, change, options, signal);
    };
    expect(await stage.run()).toMatchObject({
      next: 'Look at its pull secret.',
      outputs: { verdict: 'rolled-back', cause: 'cluster' },
    });
  });

  it('is a warning when it cannot be written, and the deployment stays what it was', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    stage.registry.onCall = ({ method }) => {
      if (method === 'writeManifest')
        throw new RemoteError('registry', 'may not write', { status: 403, retryable: false });
    };
    const outcome = await stage.run();
    expect(outcome.result).toBe('success');
    expect(stage.log.of('warning').join('\n')).toContain('promote-stable will not take this build');
  });
});

describe('a build that works', () => {
  it('sets every workload to the digest, notes it as healthy and is green', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({
      result: 'success',
      outputs: { verdict: 'healthy', digest: after.split('@')[1], 'previous-digest': before.split('@')[1], cause: '' },
    });
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([after, after]);
    expect(stage.workload('web').annotations).toEqual({
      'delivery.actions/build': '268',
      'delivery.actions/healthy': JSON.stringify({ web: after }),
    });
  });

  it('is waited for when its start takes six minutes', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, healthyAfter(6 * 60_000));
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('healthy');
  });

  it('asks the API server about every change before it makes the first', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    await stage.run();
    expect(stage.cluster.calls.slice(0, 4).map(({ dryRun }) => dryRun)).toEqual([true, true, false, false]);
  });

  it('changes nothing when it runs everywhere already', async () => {
    const stage = new Stage();
    stage.running(stage.build(268));
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'success', outputs: { verdict: 'unchanged' } });
    expect(stage.cluster.calls).toEqual([]);
  });

  it('is what a later build goes back to, where a person had set it by hand', async () => {
    const stage = new Stage();
    const [bad, good, next] = [stage.build(267), stage.build(268), stage.build(269)];
    stage.running(good);
    for (const name of ['web', 'beat']) {
      const annotations = { 'delivery.actions/healthy': JSON.stringify({ [name]: bad }) };
      stage.cluster.putWorkload({ ...stage.workload(name), annotations });
    }
    await stage.run({ build: { kind: 'number', number: 268 } });
    stage.conducts.set(next, crashing);
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('rolled-back');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([good, good]);
  });

  it('is watched to its end when an earlier run has set it but did not see it through', async () => {
    const stage = new Stage();
    const image = stage.build(268);
    stage.running(image, { ready: 0, available: 0 });
    const running = stage.start();
    await stage.clock.advance(5_000);
    stage.running(image);
    const outcome = await stage.finish(running);
    expect(outcome.outputs.verdict).toBe('healthy');
    expect(stage.order).toEqual(['set web', 'set beat']);
  });

  it('is set but stays at zero where its workload is scaled to zero, with a warning', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.cluster.putWorkload({
      ...stage.workload('beat'),
      wanted: 0,
      replicas: 0,
      updated: 0,
      ready: 0,
      available: 0,
    });
    const outcome = await stage.run();
    expect(outcome.result).toBe('success');
    expect(stage.log.of('warning')).toEqual([
      'Deployment test/beat is scaled to zero: it has the new image and stays at zero.',
    ]);
    expect([stage.imageOf('beat'), stage.workload('beat').wanted]).toEqual([after, 0]);
    expect(Object.keys(stage.workload('beat').annotations)).toEqual(['delivery.actions/build']);
  });

  it('is unstable when nothing of it runs because all is scaled to zero', async () => {
    const stage = new Stage();
    stage.running(stage.build(267), { wanted: 0, replicas: 0, updated: 0, ready: 0, available: 0 });
    stage.build(268);
    stage.checks = [{ url: new URL('https://test.example.org/'), status: 200, contains: undefined, withinMs: 1_000 }];
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'unstable', outputs: { verdict: 'stopped' } });
    expect(stage.asked).toEqual([]);
  });
});

describe('a dry run', () => {
  it('says what would be set, and sets nothing', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    const outcome = await stage.run({ 'dry-run': true });
    expect(outcome).toMatchObject({ result: 'success', outputs: { verdict: 'planned' } });
    expect(outcome.reason).toContain('2 of 2 workloads');
    expect(stage.imageOf('web')).toBe(before);
  });
});

describe('a build that does not work', () => {
  it('is named with its last log line, and the healthy build comes back', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    stage.cluster.logs.set('web-new/web/previous', 'starting\nno module named viewer\n');
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'rolled-back', cause: 'crash-loop' } });
    expect(outcome.reason).toContain('container web of pod web-new ended 2 times, last with exit code 3');
    expect(outcome.reason).toContain('no module named viewer');
    expect(outcome.reason).toContain(`web-stream@${before.split(':').at(-1)?.slice(0, 12)} runs again and is healthy`);
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
  });

  it('leaves its evidence in the log before anything is rolled back', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    stage.cluster.logs.set('web-new/web/previous', 'no module named viewer\n');
    const outcome = await stage.run();
    expect(stage.order.indexOf('evidence')).toBeGreaterThan(1);
    expect(stage.order.lastIndexOf('evidence')).toBeLessThan(stage.order.lastIndexOf('set web'));
    expect(JSON.stringify(outcome.summary)).toContain('no module named viewer');
  });

  it('gives way to the digest that was verified last, not to the one that happened to be there', async () => {
    const stage = new Stage();
    const verified = stage.build(260);
    const present = stage.build(267);
    const after = stage.build(268);
    stage.running(present, { ready: 0, available: 0 });
    for (const name of ['web', 'beat']) {
      const annotations = { 'delivery.actions/healthy': JSON.stringify({ [name]: verified }) };
      stage.cluster.putWorkload({ ...stage.workload(name), annotations });
    }
    stage.conducts.set(after, crashing);
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('rolled-back');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([verified, verified]);
  });

  it('stays when nothing is known to have been healthy before, and that is said', async () => {
    const stage = new Stage();
    stage.running(stage.build(267), { ready: 0, available: 0 });
    const after = stage.build(268);
    stage.conducts.set(after, crashing);
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'left-failed' } });
    expect(outcome.reason).toContain('Nothing is known to have been healthy before');
    expect(stage.imageOf('web')).toBe(after);
  });

  it('does not give way to a moving tag, which may mean the broken build by now', async () => {
    const stage = new Stage();
    stage.running(`${stage.build(267).split('@')[0]}:latest`);
    const after = stage.build(268);
    stage.conducts.set(after, crashing);
    expect((await stage.run()).outputs.verdict).toBe('left-failed');
  });

  it('stays with on-failure: leave', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    const outcome = await stage.run({ 'on-failure': 'leave' });
    expect(outcome.outputs).toMatchObject({ verdict: 'left-failed', cause: 'crash-loop' });
    expect(stage.imageOf('web')).toBe(after);
  });

  it('is a failed rollback when the healthy build does not come up again either', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    stage.conducts.set(before, crashing);
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('rollback-failed');
    expect(outcome.reason).toContain('is set back but not healthy either');
  });

  it('is left to somebody else who has deployed meanwhile', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    const theirs = stage.build(269);
    stage.conducts.set(after, (workload, stage) => {
      crashing(workload, stage);
      stage.cluster.logs.set('web-new/web/previous', 'x');
    });
    const outside = stage.log.outside.bind(stage.log);
    stage.log.outside = (text) => {
      outside(text);
      if (stage.imageOf('web') === after) stage.running(theirs);
    };
    const outcome = await stage.run({ build: { kind: 'number', number: 268 } });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'superseded' } });
    expect(outcome.reason).toContain('Somebody else has deployed Deployment test/web, Deployment test/beat meanwhile');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([theirs, theirs]);
  });

  it('is given up at its timeout, with what its probe said last', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, (workload, stage) => {
      notReady(workload, stage);
      const object = { kind: 'Pod', name: `${workload.name}-new`, uid: `rs-${workload.name}-2-pod` };
      stage.event({ reason: 'Unhealthy', message: 'Readiness probe failed: connection refused', object });
    });
    const outcome = await stage.run({ timeout: 120_000 });
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'not-ready' });
    expect(outcome.reason).toContain('within 120 s');
    expect(outcome.reason).toContain('Readiness probe failed: connection refused');
  });
});

describe('the pages of a project', () => {
  const check = { url: new URL('https://test.example.org/version/'), status: 200, contains: '268', withinMs: 10_000 };

  it('may take their time to come right', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    stage.checks = [check];
    stage.page = () => ({ status: 200, body: stage.asked.length < 5 ? 'build 267' : 'build 268' });
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'success', outputs: { url: 'https://test.example.org' } });
    expect(stage.asked).toHaveLength(5);
  });

  describe('while a pod of the old template still ends', () => {
    const oldPod = (stage: Stage) => {
      const { uid } = stage.workload('web');
      const set = { name: 'rs-web-1', uid: 'rs-web-1', ownerUid: uid, revision: 1, conditions: [] };
      stage.cluster.change('test', () => ({ replicaSets: [set] }));
      stage.cluster.putPod(newPod({ name: 'web-old', ownerUid: set.uid, deleting: true }));
    };
    const withOldPod = () => {
      const { stage, after } = stageWith({ before: 267, after: 268 });
      stage.checks = [check];
      stage.page = () => ({ status: 200, body: 'build 268' });
      stage.conducts.set(after, (workload) => {
        stage.cluster.putWorkload({
          ...{ ...workload, observedGeneration: workload.generation },
          annotations: { ...workload.annotations, 'deployment.kubernetes.io/revision': '2' },
        });
        if (workload.name === 'web') oldPod(stage);
      });
      return stage;
    };

    it('are not asked: it could answer in place of the new one', async () => {
      const stage = withOldPod();
      const running = stage.start();
      await stage.clock.advance(4_000);
      expect([stage.imageOf('beat'), stage.asked]).toEqual([stage.imageOf('web'), []]);
      stage.cluster.change('test', () => ({ pods: [] }));
      expect((await stage.finish(running)).result).toBe('success');
      expect(stage.asked).toHaveLength(1);
      expect(stage.log.of('info')).toContain('Waiting for the end of what ran before: web-old');
    });

    it('are asked after 30 s all the same: it may finish its task first', async () => {
      const stage = withOldPod();
      const running = stage.start();
      await stage.clock.advance(29_000);
      expect(stage.asked).toEqual([]);
      expect((await stage.finish(running)).result).toBe('success');
      expect(stage.log.of('info').join()).toContain('Still ending: web-old; the pages are asked all the same.');
    });

    it('are not asked any more when the run is cancelled', async () => {
      const stage = withOldPod();
      const running = stage.start();
      await stage.clock.advance(4_000);
      stage.cancel.abort(new CancelledError('a test'));
      expect((await stage.finish(running)).outputs.verdict).toBe('cancelled');
    });
  });

  it('bring the healthy build back when one stays wrong', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.checks = [check];
    stage.page = () => ({ status: 500, body: 'Server Error' });
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'check-failed' });
    expect(outcome.reason).toContain('https://test.example.org/version/ answered 500 instead of 200');
    expect(stage.imageOf('web')).toBe(before);
  });

  it('do not hide workloads that fall over while they are asked', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.checks = [check];
    stage.page = () => {
      if (stage.imageOf('web') === after) crashing(stage.workload('web'), stage);
      return { status: 200, body: '268' };
    };
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'crash-loop' });
  });
});

describe('what is refused', () => {
  it('is a build older than the one that runs', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.running(after);
    const outcome = await stage.run({ build: { kind: 'number', number: 267 } });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'refused' } });
    expect(outcome.reason).toBe('latest-267 is older than latest-268, which runs.');
    expect(stage.cluster.calls).toEqual([]);
  });

  it('is judged by the image that runs, not by a note that outlived an image set by hand', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.running(before, { annotations: { 'delivery.actions/build': '400' } });
    expect((await stage.run()).outputs.verdict).toBe('healthy');
  });

  it('is judged by the note where the registry has the running image no more', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    const gone = `${repository.host}/${repository.path}@sha256:${'f'.repeat(64)}`;
    stage.running(gone, { annotations: { 'delivery.actions/build': '400' } });
    expect((await stage.run()).reason).toBe('latest-268 is older than latest-400, which runs.');
  });

  it('is done all the same with force', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.running(after);
    const outcome = await stage.run({ build: { kind: 'number', number: 267 }, force: true });
    expect(outcome.outputs.verdict).toBe('healthy');
    expect(stage.imageOf('web')).toBe(before);
  });

  it('is a project whose workloads are not there, and what is there is named', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    stage.cluster.change('test', ({ workloads }) => ({ workloads: workloads.filter(({ name }) => name === 'beat') }));
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('refused');
    expect(outcome.reason).toBe('namespace test has no Deployment web, it has: Deployment beat.');
    expect(stage.cluster.calls).toEqual([]);
  });

  it('is a build that does not exist, and the newest that do are named', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    await expect(stage.run({ build: { kind: 'number', number: 300 } })).rejects.toMatchObject({
      code: 'build-missing',
      hint: 'The newest of the 2 builds there: latest-268, latest-267.',
    });
  });

  it('is a project that only promotions move, or that delivery.yaml does not know', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    await expect(stage.run({ project: 'production' })).rejects.toThrow(/follows stable: promote-stable deploys to it/);
    await expect(stage.run({ project: 'tset' })).rejects.toThrow(/did you mean "test"\?; known are test, production/);
  });

  it('is what the API server would not take, before the first workload is changed', async () => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    stage.cluster.setImages = async (workload, ...rest) => {
      if (workload.name === 'beat')
        throw new RemoteError('cluster', 'patch of beat is forbidden', { status: 403, retryable: false });
      return setImages(workload, ...rest);
    };
    await expect(stage.run()).rejects.toThrow('patch of beat is forbidden');
    expect(stage.imageOf('web')).toBe(before);
  });
});

describe('an account that lacks rights', () => {
  it.each([false, true])('is told all of them, and nothing is set (dry run: %s)', async (dryRun) => {
    const { stage, before } = stageWith({ before: 267, after: 268 });
    stage.permissions.allowOnly('test', [
      { apiGroups: ['apps', ''], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    ]);
    await expect(stage.run({ 'dry-run': dryRun })).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringMatching(
        dryRun
          ? /\nnamespace test: deployments \(apps\) [^:;]*web[^:;]*: patch$/
          : /\nnamespace test: pods: delete; deployments \(apps\) [^:;]*web[^:;]*: patch$/,
      ) as string,
    });
    expect([stage.imageOf('web'), stage.order]).toEqual([before, []]);
  });
});

describe('two deployments at the same moment', () => {
  it('end with the newer build, whichever comes first', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    const theirs = stage.build(269);
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    let raced = false;
    stage.cluster.setImages = async (workload, change, options, signal) => {
      if (!options.dryRun && !raced && workload.name === 'beat') {
        raced = true;
        stage.running(theirs);
      }
      return setImages(workload, change, options, signal);
    };
    const outcome = await stage.run({ build: { kind: 'number', number: 268 } });
    expect(outcome.outputs.verdict).toBe('superseded');
    expect(outcome.reason).toContain('latest-268 is older than latest-269, which runs.');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([theirs, theirs]);
    expect(stage.imageOf('web')).not.toBe(after);
  });

  it('go on after another look when the other one was older', async () => {
    const { stage, after } = stageWith({ before: 267, after: 269 });
    const theirs = stage.build(268);
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    let raced = false;
    stage.cluster.setImages = async (workload, change, options, signal) => {
      if (!options.dryRun && !raced && workload.name === 'beat') {
        raced = true;
        stage.cluster.putWorkload({
          ...stage.workload('beat'),
          containers: [{ name: 'beat', image: theirs, init: false }],
        });
      }
      return setImages(workload, change, options, signal);
    };
    const outcome = await stage.run({ build: { kind: 'number', number: 269 } });
    expect(outcome.outputs.verdict).toBe('healthy');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([after, after]);
  });

  it('leave a rollout to the one who has set other images while it was watched', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    const theirs = stage.build(269);
    stage.conducts.set(after, notReady);
    const running = stage.start({ build: { kind: 'number', number: 268 } });
    await stage.clock.advance(10_000);
    stage.running(theirs, { generation: 3, observedGeneration: 3 });
    const outcome = await stage.finish(running);
    expect(outcome).toMatchObject({ result: 'unstable', outputs: { verdict: 'superseded' } });
    expect(stage.imageOf('web')).toBe(theirs);
  });
});

describe('a cancel', () => {
  it('stops the waiting at once, rolls nothing back and says how far it came', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, notReady);
    stage.environment = 'test';
    const running = stage.start();
    await stage.clock.advance(10_000);
    stage.cancel.abort(new Error('cancelled'));
    const outcome = await stage.finish(running, 1_000);
    expect(outcome).toMatchObject({ result: 'failure', outputs: { verdict: 'cancelled' } });
    expect(outcome.reason).toContain('Deployment test/web: 0 of 1 replicas updated');
    expect(stage.imageOf('web')).toBe(after);
    expect(stage.statuses.map(({ state }) => state)).toEqual(['in_progress', 'error']);
  });
});

describe('the deployment on GitHub', () => {
  it('is recorded with its states, the address and the run', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    stage.environment = 'test';
    stage.checks = [{ url: new URL('https://test.example.org/a'), status: 200, contains: undefined, withinMs: 1_000 }];
    await stage.run();
    expect(stage.deployments).toMatchObject([{ environment: 'test', description: 'web latest-268' }]);
    expect(stage.statuses).toMatchObject([
      { state: 'in_progress', environmentUrl: 'https://test.example.org' },
      { state: 'success', logUrl: 'https://github.example.org/acme/stack/actions/runs/7001' },
    ]);
  });

  it('says failure when the build was rolled back', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    stage.environment = 'test';
    stage.conducts.set(after, crashing);
    await stage.run();
    expect(stage.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
  });

  it('is only warned about when it cannot be recorded', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    stage.environment = 'test';
    stage.gitHubFails = true;
    expect((await stage.run()).result).toBe('success');
    expect(stage.log.of('warning')).toEqual(['The deployment is not recorded on GitHub: GitHub is away']);
  });

  it('is not recorded where no environment is named, and not for what runs already', async () => {
    const { stage } = stageWith({ before: 267, after: 268 });
    await stage.run();
    stage.environment = 'test';
    await stage.run();
    expect(stage.deployments).toEqual([]);
  });
});

describe('pods that are in the way', () => {
  it('are deleted when they keep a StatefulSet from its new template', async () => {
    const stage = new Stage();
    const before = stage.build(267);
    const after = stage.build(268);
    stage.kind = 'StatefulSet';
    stage.running(before);
    stage.conducts.set(after, (workload, { cluster }) => {
      const revisions = { updateRevision: 'new', currentRevision: 'old', updated: 0, ready: 0 };
      cluster.putWorkload({ ...workload, ...revisions, observedGeneration: workload.generation });
      cluster.putPod(
        newPod({ name: `${workload.name}-0`, uid: workload.name, ownerUid: workload.uid, revision: 'old' }),
      );
    });
    stage.cluster.onDeletePod = ({ name }) => healthyAtOnce(stage.workload(name.replace('-0', '')), stage);
    const outcome = await stage.run();
    expect(outcome.outputs.verdict).toBe('healthy');
    expect(stage.cluster.deleted).toEqual(['web-0', 'beat-0']);
  });

  it('are named when they cannot be deleted', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    const state = { is: 'waiting', reason: 'CreateContainerConfigError', message: 'configmap "a" not found' } as const;
    stage.conducts.set(after, broken({ state }));
    stage.cluster.onDeletePod = () => {
      throw new RemoteError('cluster', 'deleting pods is forbidden', { status: 403, retryable: false });
    };
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rolled-back', cause: 'config-missing' });
    expect(stage.log.of('warning')).toContain('Pod web-new could not be deleted: deleting pods is forbidden');
  });
});
